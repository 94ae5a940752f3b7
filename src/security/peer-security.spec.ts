import { generateKeyPairSync } from 'node:crypto';
import {
  BODY,
  SECRET,
  expectRefused,
  judge,
  peer,
  request,
  useClock,
  warnings,
} from '../../test/support/security-fixture.js';
import { keyThumbprint } from './keys/key-input.js';
import type { PeerSecurity } from './peer-security.js';
import type { Verdict } from './security.interface.js';

useClock();

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
  peer({ id: 'a', secret: 'of some characters' });
  expect(warnings.at(-1)).toContain('openssl rand');
  expect(warnings.join()).not.toContain('of some characters');
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
