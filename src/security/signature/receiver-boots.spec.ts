import {
  BODY,
  judge,
  peer,
  request,
  SECRET,
  useClock,
} from '../../../test/support/security-fixture.js';
import { StaleRequestError } from '../../transport/transport.error.js';
import type { PeerSecurity } from '../peer-security.js';
import type { RequestRefused } from '../security.interface.js';

useClock();

const bobStarts = () => peer({ id: 'bob', secret: SECRET, fixedId: true });

/** Sends a message to bob and gives his answer to the sender. */
function send(alice: PeerSecurity, bob: PeerSecurity, path = '/message') {
  const origin = 'http://10.0.0.1:9338';
  const outgoing = { origin, method: 'POST', path, body: BODY };
  const sent = alice.exchange.sign({ ...outgoing, receiverId: 'bob' });
  const incoming = { ...request(alice, 'bob', path), headers: sent.headers };
  const verdict = judge(bob, incoming);
  const status = verdict.ok ? 200 : verdict.status;
  const headers = verdict.signAnswer!(status, BODY);
  return {
    incoming,
    verdict,
    hear: () => sent.checkAnswer({ status, headers, body: BODY }),
  };
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

it('a peer with a new id at each start names no start', () => {
  const alice = peer({ id: 'alice', secret: SECRET });
  const bob = peer({ id: 'bob', secret: SECRET });
  const { incoming, verdict, hear } = send(alice, bob);
  expect(verdict).toMatchObject({ ok: true });
  expect(incoming.headers).not.toHaveProperty('x-peercloud-boot');
  expect(hear()).toBe('bob');
});
