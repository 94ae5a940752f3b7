import { resolveAddressOptions } from '../../src/security/addresses/address.options.js';
import { AddressPolicy } from '../../src/security/addresses/address-policy.js';
import { PeerSecurity } from '../../src/security/peer-security.js';
import type {
  IncomingPeerRequest,
  Verdict,
} from '../../src/security/security.interface.js';
import {
  resolveSecurityOptions,
  type SecurityOptions,
} from '../../src/security/security.options.js';

export const START = 1_700_000_000_500;
export const SECRET = 'one secret of thirty-two letters';
export const OTHER_SECRET = 'another secret of thirty letters';
export const BODY = Buffer.from('{"id":"x"}');

/** The clock of all peers of the test, Unix time in ms. */
export const clock = { now: START };
/** What the peers of the test have written. */
export const warnings: string[] = [];

/** Gives each test of the file a clock at its start and an empty log. */
export function useClock(): void {
  beforeEach(() => {
    clock.now = START;
    warnings.length = 0;
  });
}

interface PeerSetup extends SecurityOptions {
  id?: string;
  fixedId?: boolean;
  /** The peer's own clock. Default: the one of all. */
  now?: () => number;
}

export function peer({
  id,
  fixedId = false,
  now = () => clock.now,
  ...options
}: PeerSetup): PeerSecurity {
  const security: PeerSecurity = new PeerSecurity({
    security: resolveSecurityOptions(options, 'security'),
    addresses: new AddressPolicy(resolveAddressOptions({}, 'addresses'), true),
    selfId: () => id ?? security.peerId!,
    fixedId,
    maxPeers: 10,
    logger: { warn: (message) => warnings.push(message) },
    now,
  });
  return security;
}

export function request(
  sender: PeerSecurity,
  receiverId: string | null = 'bob',
  path = '/message',
  headers: Record<string, string> = {},
): IncomingPeerRequest {
  const outgoing = {
    origin: 'http://10.0.0.1:9338',
    method: 'POST',
    path,
    body: BODY,
    headers,
    receiverId: receiverId ?? undefined,
  };
  return {
    method: 'POST',
    path,
    headers: { ...headers, ...sender.exchange.sign(outgoing).headers },
    raw: BODY,
    remoteAddress: '10.0.0.2',
  };
}

export function alter(
  original: IncomingPeerRequest,
  header: string,
  change: (value: string) => string | undefined,
): IncomingPeerRequest {
  const value = change(String(original.headers[header]));
  return { ...original, headers: { ...original.headers, [header]: value } };
}

export function judge(
  receiver: PeerSecurity,
  incoming: IncomingPeerRequest,
): Verdict {
  return receiver.verifier.verify(incoming) as Verdict;
}

export function expectRefused(verdict: Verdict, reason: string): void {
  expect(verdict).toEqual({
    ok: false,
    status: 401,
    headers: {
      'accept-signature': expect.stringMatching(
        /^peercloud=\("@method" "@path" "content-digest" "x-peercloud-id" "x-peercloud-to"\);.*tag="peercloud"$/,
      ),
    },
  });
  expect(warnings.at(-1)).toContain(reason);
}
