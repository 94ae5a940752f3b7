import {
  BODY,
  clock,
  judge,
  peer,
  request,
  SECRET,
  useClock,
} from '../../../test/support/security-fixture.js';
import { StaleRequestError } from '../../transport/transport.error.js';
import { SecretKeyring } from '../keys/keyring.js';
import type { PeerSecurity } from '../peer-security.js';
import type { RequestRefused } from '../security.interface.js';

import { signAnswer } from './answer-signature.js';

useClock();

const bobStarts = () => peer({ id: 'bob', secret: SECRET, fixedId: true });

/** Sends a message to bob and gives his answer to the sender. */
function send(
  alice: PeerSecurity,
  bob: PeerSecurity,
  path = '/message',
  receiverId: string | undefined = 'bob',
) {
  const sent = sign(alice, path, receiverId);
  const incoming = {
    ...request(alice, receiverId, path),
    headers: sent.headers,
  };
  const verdict = judge(bob, incoming);
  const status = verdict.ok ? 200 : verdict.status;
  const headers = verdict.signAnswer!(status, BODY);
  const hear = (change: Record<string, string> = {}) =>
    sent.checkAnswer({
      status,
      headers: { ...headers, ...change },
      body: BODY,
    });
  return { incoming, verdict, headers, hear };
}

function sign(alice: PeerSecurity, path: string, receiverId?: string) {
  const origin = 'http://10.0.0.1:9338';
  const outgoing = { origin, method: 'POST', path, body: BODY, receiverId };
  return alice.exchange.sign(outgoing);
}

describe('a peer whose id outlives a restart', () => {
  const refusal: Partial<RequestRefused> = {
    ok: false,
    status: 401,
    code: 'OTHER_BOOT',
  };
  let alice: PeerSecurity;

  beforeEach(() => (alice = peer({ id: 'alice', secret: SECRET })));

  it('takes nothing that was not meant for this start of it, and says so to who asks', () => {
    const bob = bobStarts();
    const first = send(alice, bob);
    expect(first.verdict).toMatchObject(refusal);
    expect(first.hear).toThrow(StaleRequestError);
    const second = send(alice, bob);
    expect(second.verdict).toMatchObject({ ok: true });
    expect(second.hear()).toBe('bob');
    const restarted = bobStarts();
    expect(judge(restarted, second.incoming)).toMatchObject(refusal);
    expect(send(alice, restarted).hear).toThrow(StaleRequestError);
    expect(send(alice, restarted).verdict).toMatchObject({ ok: true });
  });

  it.each(['/status', '/join'])('asks nothing of the kind of %s', (path) => {
    const bob = bobStarts();
    const { verdict, hear } = send(alice, bob, path);
    expect(verdict).toMatchObject({ ok: true });
    expect(hear()).toBe('bob');
    expect(send(alice, bob).verdict).toMatchObject({ ok: true });
  });

  it('remembers nothing of what it refuses so', () => {
    const bob = bobStarts();
    const { incoming } = send(alice, bob);
    for (let i = 0; i < 3; i++) {
      expect(judge(bob, incoming)).toMatchObject(refusal);
    }
    expect(bob.refused).toBe(0);
  });
});

describe('a peer that starts again after its clock went back', () => {
  let bob: PeerSecurity;

  beforeEach(() => {
    bob = peer({ id: 'bob', secret: SECRET });
    send(peer({ id: 'alice', secret: SECRET }), bob);
  });

  /** Made 8 s before what bob has seen of alice. */
  function late(): PeerSecurity {
    return peer({ id: 'alice', secret: SECRET, now: () => clock.now - 8000 });
  }

  it('learns from the first refusal what its nonces must follow', () => {
    const alice = late();
    const first = send(alice, bob);
    expect(first.verdict).toMatchObject({ status: 401, code: 'OLD_NONCE' });
    expect(first.hear).toThrow(StaleRequestError);
    const second = send(alice, bob);
    expect(second.verdict).toMatchObject({ ok: true });
    expect(second.hear()).toBe('bob');
    expect(judge(bob, second.incoming)).toMatchObject({ status: 401 });
    expect(bob.refused).toBe(1);
  });

  it('learns the same before it knows whom it asks', () => {
    const join = (alice: PeerSecurity) => {
      const sent = sign(alice, '/join');
      const incoming = {
        ...request(alice, null, '/join'),
        headers: sent.headers,
      };
      const verdict = judge(bob, incoming);
      const status = verdict.ok ? 200 : 401;
      const headers = verdict.signAnswer!(status, BODY);
      const hear = () => sent.checkAnswer({ status, headers, body: BODY });
      return { verdict, hear };
    };
    expect(join(peer({ id: 'alice', secret: SECRET })).verdict.ok).toBe(true);
    const alice = late();
    const first = join(alice);
    expect(first.verdict).toMatchObject({ status: 401, code: 'OLD_NONCE' });
    expect(first.hear).toThrow(StaleRequestError);
    expect(join(alice).verdict.ok).toBe(true);
  });

  it.each<[string, string, number]>([
    ['that another than the one it asked has seen', 'mallory', 0],
    ['more than a day ahead', 'bob', 86_500_000],
  ])('follows no nonce %s', (_which, selfId, lead) => {
    const alice = late();
    const sent = sign(alice, '/message', 'bob');
    const headers = signAnswer(
      {
        keyring: new SecretKeyring([SECRET]),
        selfId,
        boot: undefined,
        requestSignature: sent.headers['signature']!,
        latestNonce: clock.now + lead,
        now: clock.now,
      },
      401,
      BODY,
    );
    const hear = () => sent.checkAnswer({ status: 401, headers, body: BODY });
    expect(hear()).toBe(selfId);
    expect(send(alice, bob).verdict).toMatchObject({ code: 'OLD_NONCE' });
  });

  it('believes no refusal that was changed on its way', () => {
    const { headers, hear } = send(late(), bob);
    const nonce = headers['x-peercloud-nonce']!;
    expect(() => hear({ 'x-peercloud-nonce': `${nonce}0` })).toThrow(
      'bad signature',
    );
  });
});

it('a peer with a new id at each start names no start', () => {
  const alice = peer({ id: 'alice', secret: SECRET });
  const bob = peer({ id: 'bob', secret: SECRET });
  const { incoming, verdict, hear } = send(alice, bob);
  expect(verdict).toMatchObject({ ok: true });
  expect(incoming.headers).not.toHaveProperty('x-peercloud-boot');
  expect(hear()).toBe('bob');
});
