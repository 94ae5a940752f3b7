import { LimitedLog } from '../../../../src/util/limited-log.js';
import { MessageSigner } from '../../../../src/security/signature/message-signer.js';
import {
  type Keyring,
  SecretKeyring,
} from '../../../../src/security/keys/keyring.js';
import { PeerSecurity } from '../../../../src/security/peer-security.js';
import type { PeerApp } from '../../module/support/peer-app.js';

/** What the tests' signed clouds share. */
export const SECRET = 'a secret that all peers of this cloud share';

/** A request as somebody on the way sees it. */
export interface Captured {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface WireAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Records every signed request that a peer sends from now on. */
export function tap(peer: PeerApp): Captured[] {
  const captured: Captured[] = [];
  const exchange = peer.app.get(PeerSecurity, { strict: false }).exchange;
  const sign = exchange.sign.bind(exchange);
  exchange.sign = (request) => {
    const signed = sign(request);
    const { path, body = Buffer.alloc(0) } = request;
    captured.push({ path, headers: signed.headers, body });
    return signed;
  };
  return captured;
}

/** Writes a request to a peer's port, byte for byte. */
export async function replay(
  { port }: { port: number },
  { path, headers, body }: Captured,
): Promise<WireAnswer> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: new Uint8Array(body),
    redirect: 'manual',
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text };
}

/** Signs a request as a peer of that id would, with a clock that may be wrong; a Buffer is sent as it is. */
export function forge(
  senderId: string,
  receiverId: string | undefined,
  path: string,
  body: object,
  {
    keyring = new SecretKeyring([SECRET]) as Keyring,
    clockError = 0,
    boot = undefined as string | undefined,
  } = {},
): Captured {
  const signer = new MessageSigner({
    keyring,
    selfId: () => senderId,
    now: () => Date.now() + clockError,
    maxReceivers: 10,
    log: new LimitedLog({ warn: () => undefined }, () => Date.now()),
  });
  if (receiverId !== undefined) {
    const headers = { 'x-peercloud-boot': boot };
    signer.boots.learn(receiverId, { status: 200, headers }, undefined);
  }
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(JSON.stringify(body));
  const origin = 'http://127.0.0.1';
  const request = { origin, method: 'POST', path, body: bytes, receiverId };
  return { path, headers: signer.sign(request).headers, body: bytes };
}

/** The start that a peer names in its answers; undefined if its id does not outlive one. */
export async function bootOf(
  peer: { port: number },
  senderId: string,
  keyring?: Keyring,
): Promise<string | undefined> {
  const request = forge(senderId, undefined, '/status', {}, { keyring });
  const { headers } = await replay(peer, request);
  return headers.get('x-peercloud-boot') ?? undefined;
}
