import {
  alter,
  clock,
  expectRefused,
  judge,
  OTHER_SECRET,
  peer,
  request,
  SECRET,
  START,
  useClock,
  warnings,
} from '../../../test/support/security-fixture.js';
import type { PeerSecurity } from '../peer-security.js';
import type { IncomingPeerRequest } from '../security.interface.js';

useClock();

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

  it('covers what is said beside the body of a message', () => {
    const headers = {
      'x-peercloud-channel': 'jobs',
      'x-peercloud-metadata': '{"a":"b"}',
      'x-other': 'of a proxy',
    };
    const signed = request(alice, 'bob', '/message', headers);
    expect(signed.headers['signature-input']).toContain(
      '"content-digest" "x-peercloud-channel" "x-peercloud-metadata" "x-peercloud-id"',
    );
    expect(judge(bob, signed)).toMatchObject({ ok: true });
    for (const name of ['x-peercloud-channel', 'x-peercloud-metadata']) {
      const fresh = () => request(alice, 'bob', '/message', headers);
      expectRefused(
        judge(
          bob,
          alter(fresh(), name, () => 'x'),
        ),
        'signature',
      );
      expectRefused(
        judge(
          bob,
          alter(fresh(), name, () => undefined),
        ),
        'does not cover what it must',
      );
      expectRefused(
        judge(
          bob,
          alter(request(alice), name, () => 'x'),
        ),
        'does not cover what it must',
      );
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

  it('answers a check that was meant for another as a stranger’s, and once', () => {
    const stray = request(alice, 'carol', '/status');
    expect(judge(bob, stray)).toMatchObject({ ok: true, anonymous: true });
    expectRefused(judge(bob, stray), 'seen before');
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
    clock.now = START + 30_000 + 11_000;
    expectRefused(judge(bob, incoming), 'has expired');
    clock.now = START + 60_000;
    const future = request(alice);
    clock.now = START + 48_000;
    expectRefused(judge(bob, future), 'from the future');
    clock.now = START + 51_000;
    expect(judge(bob, future)).toMatchObject({ ok: true });
  });

  it('takes the clock skew from its option', () => {
    const strict = peer({ id: 'bob', secret: SECRET, clockSkew: 0 });
    clock.now = START + 2000;
    const incoming = request(alice);
    clock.now = START;
    expectRefused(judge(strict, incoming), 'from the future');
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
    for (let i = 0; i < 50; i++) {
      judge(bob, { ...incoming, path });
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('\n');
    expect(warnings[0]!.length).toBeLessThan(300);
    clock.now += 11_000;
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
