import { generateKeyPairSync } from 'node:crypto';
import { resolveAddressOptions } from './address.options.js';
import { AddressPolicy } from './address-policy.js';
import { keyThumbprint } from './keys/key-input.js';
import { PeerSecurity } from './peer-security.js';
import type {
  IncomingPeerRequest,
  Verdict,
} from './request-verifier.interface.js';
import {
  resolveSecurityOptions,
  type SecurityOptions,
} from './security.options.js';

const START = 1_700_000_000_500;
const SECRET = 'one secret of thirty-two letters';
const OTHER_SECRET = 'another secret of thirty letters';
const BODY = Buffer.from('{"id":"x"}');

let now: number;
const warnings: string[] = [];

beforeEach(() => {
  now = START;
  warnings.length = 0;
});

interface PeerSetup extends SecurityOptions {
  id?: string;
  fixedId?: boolean;
}

function peer({ id, fixedId = false, ...options }: PeerSetup): PeerSecurity {
  const security: PeerSecurity = new PeerSecurity({
    security: resolveSecurityOptions(options, 'security'),
    addresses: new AddressPolicy(resolveAddressOptions({}, 'addresses'), true),
    selfId: () => id ?? security.peerId!,
    fixedId,
    maxPeers: 10,
    logger: { warn: (message) => warnings.push(message) },
    now: () => now,
  });
  return security;
}

function request(
  sender: PeerSecurity,
  receiverId: string | null = 'bob',
  path = '/message',
): IncomingPeerRequest {
  const outgoing = {
    origin: 'http://10.0.0.1:9338',
    method: 'POST',
    path,
    body: BODY,
    receiverId: receiverId ?? undefined,
  };
  return {
    method: 'POST',
    path,
    headers: sender.exchange.sign(outgoing).headers,
    raw: BODY,
    remoteAddress: '10.0.0.2',
  };
}

function alter(
  original: IncomingPeerRequest,
  header: string,
  change: (value: string) => string | undefined,
): IncomingPeerRequest {
  const value = change(String(original.headers[header]));
  return { ...original, headers: { ...original.headers, [header]: value } };
}

function judge(receiver: PeerSecurity, incoming: IncomingPeerRequest): Verdict {
  return receiver.verifier.verify(incoming) as Verdict;
}

function expectRefused(verdict: Verdict, reason: string): void {
  expect(verdict).toEqual({
    ok: false,
    status: 401,
    headers: {
      'accept-signature': expect.stringMatching(
        /^peercloud=\("@method" "@path" "content-digest" "x-peercloud-id"\);.*tag="peercloud"$/,
      ),
    },
  });
  expect(warnings.at(-1)).toContain(reason);
}

describe('with a shared secret', () => {
  let alice: PeerSecurity;
  let bob: PeerSecurity;

  beforeEach(() => {
    alice = peer({ id: 'alice', secret: SECRET });
    bob = peer({ id: 'bob', secret: SECRET });
  });

  it('lets in what is signed, for itself, now, and once', () => {
    const incoming = request(alice);
    expect(judge(bob, incoming)).toMatchObject({ ok: true });
    expectRefused(judge(bob, incoming), 'seen before');
    expect(bob.refused).toBe(1);
  });

  it('lets in many requests whose order was lost on the way', () => {
    const incoming = Array.from({ length: 1000 }, () => request(alice));
    for (const one of incoming.toReversed()) {
      expect(judge(bob, one)).toMatchObject({ ok: true });
    }
  });

  it('refuses what was captured on its way to another peer', () => {
    const carol = peer({ id: 'carol', secret: SECRET });
    expectRefused(judge(carol, request(alice)), 'for another peer');
  });

  it('refuses what names no receiver, except a join and a status', () => {
    const verdicts = ['/message', '/left', '/sync'].map((path) =>
      judge(bob, request(alice, null, path)),
    );
    expect(verdicts.map(({ ok }) => ok)).toEqual([false, false, false]);
    for (const path of ['/join', '/status', '/check']) {
      const incoming = request(alice, null, path);
      expect(judge(bob, incoming)).toMatchObject({ ok: true });
      expectRefused(judge(bob, incoming), 'seen before');
    }
  });

  it('answers a check that was meant for another as a stranger’s', () => {
    expect(judge(bob, request(alice, 'carol', '/status'))).toMatchObject({
      ok: true,
      anonymous: true,
    });
    expect(judge(bob, request(alice, 'bob', '/status'))).not.toHaveProperty(
      'anonymous',
    );
  });

  it.each<
    [string, string, (incoming: IncomingPeerRequest) => IncomingPeerRequest]
  >([
    [
      'a swapped body',
      'not what was signed',
      (r) => ({ ...r, raw: Buffer.from('{"id":"y"}') }),
    ],
    [
      'an empty body',
      'not what was signed',
      (r) => ({ ...r, raw: Buffer.alloc(0) }),
    ],
    [
      'a swapped body and digest',
      'bad signature',
      (r) => ({
        ...alter(
          r,
          'content-digest',
          () => 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
        ),
        raw: Buffer.from('{"hello": "world"}\n'),
      }),
    ],
    ['a swapped path', 'bad signature', (r) => ({ ...r, path: '/left' })],
    [
      'a path with a query',
      'bad signature',
      (r) => ({ ...r, path: '/message?a=b' }),
    ],
    ['another method', 'bad signature', (r) => ({ ...r, method: 'PUT' })],
    [
      'a forged sender',
      'bad signature',
      (r) => alter(r, 'x-peercloud-id', () => 'carol'),
    ],
    [
      'two senders',
      'cannot be read',
      (r) => alter(r, 'x-peercloud-id', (v) => `${v}, carol`),
    ],
    [
      'a sender of 10 kB',
      'cannot be read',
      (r) => alter(r, 'x-peercloud-id', () => 'x'.repeat(10_000)),
    ],
    [
      'another receiver',
      'bad signature',
      (r) => alter(r, 'x-peercloud-to', () => 'carol'),
    ],
    [
      'no receiver',
      'does not cover',
      (r) => alter(r, 'x-peercloud-to', () => undefined),
    ],
    [
      'no signature',
      'not signed',
      (r) => alter(r, 'signature-input', () => undefined),
    ],
    [
      'half a signature',
      'cannot be read',
      (r) => alter(r, 'signature', () => undefined),
    ],
    [
      'an empty signature',
      'cannot be read',
      (r) => alter(r, 'signature', () => 'peercloud=::'),
    ],
    [
      'a signature of another length',
      'bad signature',
      (r) => alter(r, 'signature', () => `peercloud=:${'A'.repeat(86)}==:`),
    ],
    [
      'two signatures',
      'cannot be read',
      (r) => alter(r, 'signature', (v) => `${v}, ${v}`),
    ],
    [
      'fewer components',
      'does not cover',
      (r) =>
        alter(r, 'signature-input', (v) => v.replace('"content-digest" ', '')),
    ],
    [
      'components twice',
      'does not cover',
      (r) =>
        alter(r, 'signature-input', (v) =>
          v.replace('"@path"', '"@path" "@path"'),
        ),
    ],
    [
      'no components',
      'cannot be read',
      (r) => alter(r, 'signature-input', (v) => v.replace(/\(.*\)/, '()')),
    ],
    [
      'an extra parameter',
      'cannot be read',
      (r) => alter(r, 'signature-input', (v) => `${v};alg="none"`),
    ],
    [
      'a longer life',
      'bad signature',
      (r) =>
        alter(r, 'signature-input', (v) =>
          v.replace(/expires=\d+/, 'expires=99999999999'),
        ),
    ],
    [
      'another nonce',
      'bad signature',
      (r) =>
        alter(r, 'signature-input', (v) =>
          v.replace(/nonce="(\d+)\.\d+"/, 'nonce="$1.99"'),
        ),
    ],
    [
      'an unknown key',
      'unknown key',
      (r) =>
        alter(r, 'signature-input', (v) =>
          v.replace(/keyid="[^"]+"/, 'keyid="nobody"'),
        ),
    ],
    [
      'a stream without its key',
      'cannot be read',
      (r) => ({ ...r, path: '/stream', raw: undefined }),
    ],
    ['a body on /stream', 'cannot be read', (r) => ({ ...r, path: '/stream' })],
  ])('refuses %s', (_what, reason, change) => {
    const incoming = request(alice);
    expectRefused(judge(bob, change(incoming)), reason);
    expect(judge(bob, incoming)).toMatchObject({ ok: true });
  });

  it('refuses a signature by another secret', () => {
    const mallory = peer({ id: 'alice', secret: OTHER_SECRET });
    expectRefused(judge(bob, request(mallory)), 'unknown key');
  });

  it('refuses what has expired and what comes from the future', () => {
    const incoming = request(alice);
    now = START + 30_000 + 11_000;
    expectRefused(judge(bob, incoming), 'has expired');
    now = START + 60_000;
    const future = request(alice);
    now = START + 48_000;
    expectRefused(judge(bob, future), 'from the future');
    now = START + 51_000;
    expect(judge(bob, future)).toMatchObject({ ok: true });
  });

  it('takes the clock skew from its option', () => {
    const strict = peer({ id: 'bob', secret: SECRET, clockSkew: 0 });
    now = START + 2000;
    const incoming = request(alice);
    now = START;
    expectRefused(judge(strict, incoming), 'from the future');
  });

  it('refuses what was signed before it started, if its id outlives a restart', () => {
    const incoming = request(alice);
    now = START + 1000;
    const restarted = peer({ id: 'bob', secret: SECRET, fixedId: true });
    expectRefused(judge(restarted, incoming), 'before this peer started');
    expect(judge(restarted, request(alice))).toMatchObject({ ok: true });
  });

  it('takes old and new secrets while they are replaced', () => {
    const both = peer({ id: 'bob', secret: [SECRET, OTHER_SECRET] });
    const renewed = peer({ id: 'carol', secret: [OTHER_SECRET, SECRET] });
    expect(judge(both, request(alice))).toMatchObject({ ok: true });
    expect(judge(both, request(renewed))).toMatchObject({ ok: true });
    both.replaceSecrets([OTHER_SECRET]);
    expect(judge(both, request(renewed))).toMatchObject({ ok: true });
    expectRefused(judge(both, request(alice)), 'unknown key');
  });

  it('writes about refusals at a limited rate, and nothing that is not its own', () => {
    const incoming = alter(request(alice), 'signature', () => undefined);
    const path = `/x\nforged line${'y'.repeat(1000)}`;
    for (let i = 0; i < 50; i++) judge(bob, { ...incoming, path });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('\n');
    expect(warnings[0]!.length).toBeLessThan(300);
    now += 11_000;
    judge(bob, incoming);
    expect(warnings[1]).toContain('49 more');
    expect(bob.refused).toBe(51);
  });

  it('lets nobody in from a forbidden address', () => {
    const incoming = { ...request(alice), remoteAddress: '169.254.1.1' };
    expect(judge(bob, incoming)).toEqual({
      ok: false,
      status: 403,
      headers: {},
    });
  });
});

describe('with a key for each peer', () => {
  const keys = Array.from({ length: 3 }, () => generateKeyPairSync('ed25519'));
  const ids = keys.map(({ publicKey }) => keyThumbprint(publicKey));
  const trustedKeys = keys.slice(0, 2).map(({ publicKey }) => publicKey);
  const [alice, bob, mallory] = keys.map(({ privateKey }) =>
    peer({ privateKey, trustedKeys }),
  ) as [PeerSecurity, PeerSecurity, PeerSecurity];

  it('is known by the thumbprint of its key', () => {
    expect(alice.peerId).toBe(ids[0]);
    expect(judge(bob, request(alice, ids[1]))).toMatchObject({ ok: true });
  });

  it('refuses keys that it does not trust', () => {
    expectRefused(judge(bob, request(mallory, ids[1])), 'unknown key');
  });

  it('refuses a member that speaks as another', () => {
    const forger = peer({
      privateKey: keys[0]!.privateKey,
      id: ids[1]!,
      trustedKeys,
    });
    const carol = peer({ privateKey: keys[2]!.privateKey, trustedKeys });
    expectRefused(judge(carol, request(forger, ids[2])), 'key of another peer');
  });

  it('refuses a member once its key is trusted no more', () => {
    const dora = peer({ privateKey: keys[2]!.privateKey, trustedKeys });
    expect(judge(dora, request(alice, ids[2]))).toMatchObject({ ok: true });
    dora.replaceTrustedKeys([keys[1]!.publicKey]);
    expectRefused(judge(dora, request(alice, ids[2])), 'unknown key');
    expect(() => dora.replaceSecrets('x')).toThrow(/security\.secret/);
  });
});

describe('an open cloud', () => {
  it('lets in the unsigned from private addresses only', () => {
    const open = peer({ id: 'bob' });
    const incoming = {
      ...request(peer({ id: 'a', secret: SECRET })),
      headers: {},
    };
    expect(judge(open, incoming)).toEqual({ ok: true });
    expect(open.signed).toBe(false);
  });

  it('refuses the signed, and says why in its own log', () => {
    const open = peer({ id: 'bob' });
    const incoming = request(peer({ id: 'alice', secret: SECRET }));
    expect(judge(open, incoming)).toEqual({
      ok: false,
      status: 403,
      headers: {},
    });
    expect(warnings.at(-1)).toContain('no security option');
  });
});

it('warns about a secret that is short', () => {
  peer({ id: 'a', secret: 'short' });
  expect(warnings.at(-1)).toContain('openssl rand');
  expect(warnings.join()).not.toContain("'short'");
});

it('an open peer says in its log that the other side wants signatures', () => {
  const open = peer({ id: 'alice' });
  const refusal = judge(peer({ id: 'bob', secret: SECRET }), {
    ...request(open),
    headers: {},
  });
  const { headers } = refusal as Extract<Verdict, { ok: false }>;
  const body = Buffer.alloc(0);
  const outgoing = {
    method: 'POST',
    path: '/join',
    body,
    receiverId: undefined,
  };
  const sent = open.exchange.sign({
    origin: 'http://10.0.0.1:9338',
    ...outgoing,
  });
  expect(sent.headers).toEqual({});
  expect(sent.checkAnswer({ status: 401, headers, body })).toBeUndefined();
  expect(warnings.at(-1)).toContain('http://10.0.0.1:9338 refuses this peer');
});

it('a signed peer says in its log why it does not believe an answer', () => {
  const alice = peer({ id: 'alice', secret: SECRET });
  const outgoing = {
    method: 'POST',
    path: '/join',
    body: BODY,
    receiverId: 'bob',
  };
  const sent = alice.exchange.sign({
    origin: 'http://10.0.0.1:9338',
    ...outgoing,
  });
  const answer = { status: 403, headers: {}, body: BODY };
  expect(() => sent.checkAnswer(answer)).toThrow(/not signed/);
  expect(warnings.at(-1)).toMatch(
    /^no answer from http:\/\/10\.0\.0\.1:9338: .*without the security option/,
  );
});
