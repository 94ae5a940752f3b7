import { Injectable } from '@nestjs/common';
import { OnPeerMessage, PeerSecurity } from '../../../src/index.js';
import { RawStream, refusalOf } from '../messaging/support/raw-stream.js';
import { closePeers, listOf, startPeer } from '../module/support/peer-app.js';
import {
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
} from './support/fake-peer.js';

const handled: object[] = [];

@Injectable()
class Recorder {
  @OnPeerMessage()
  record(body: object): void {
    handled.push(body);
  }
}

beforeEach(() => void (handled.length = 0));

afterEach(async () => {
  await closePeers();
  await closeFakePeers();
});

const PATHS = ['/joined', '/left', '/update', '/sync', '/message'];

describe('in an open cloud', () => {
  it('an id of nobody is worth nothing, and one of a member everything', async () => {
    const alice = await startPeer({ providers: [Recorder] });
    await maliciousMember(alice, 'member');
    const own = alice.membership.self.id;
    for (const id of ['nobody', own, '__proto__', 'x'.repeat(200)]) {
      for (const path of PATHS) {
        const headers = { 'x-peercloud-id': id };
        const answer = await post(alice, path, { id: 'member' }, headers);
        expect([answer.status, answer.body.code]).toEqual([
          403,
          'UNKNOWN_SENDER',
        ]);
      }
    }
    expect(listOf(alice)).toEqual([own, 'member'].sort());
    expect(handled).toEqual([]);
    // What docs/security.md does not promise: nothing proves who writes the header.
    const headers = { 'x-peercloud-id': 'member' };
    await post(alice, '/message', { forged: true }, headers);
    expect(handled).toEqual([{ forged: true }]);
  });

  it('nobody opens a stream for an address that is not allowed, whoever passes it on', async () => {
    const alice = await startPeer({ options: { addresses: {} } });
    await maliciousMember(alice, 'member');
    const ask = (forwarded: string) =>
      RawStream.open(alice.port, {
        'x-peercloud-id': 'member',
        'x-forwarded-for': forwarded,
      });
    for (const forwarded of ['8.8.8.8', '10.0.0.1, 8.8.8.8', 'nonsense']) {
      const stream = await ask(forwarded);
      expect([forwarded, stream.status]).toEqual([forwarded, 403]);
      stream.close();
    }
    const stream = await ask('10.0.0.1, 127.0.0.1');
    expect(stream.status).toBe(101);
    stream.close();
  });

  it('nobody gets in from an address that is not allowed', async () => {
    const addresses = { deny: ['127.0.0.1'] };
    const alice = await startPeer({ options: { addresses } });
    const { port, calls } = await fakePeer({ id: 'x' });
    const join = { id: 'x', ip: '127.0.0.2', port };
    for (const path of ['/join', '/status', ...PATHS]) {
      for (const body of [join, 'no JSON at all']) {
        const headers = { 'x-forwarded-for': '10.0.0.1' };
        const answer = await post(alice, path, body, headers);
        expect([answer.status, answer.body]).toEqual([
          403,
          { statusCode: 403, error: 'Forbidden', message: 'Forbidden' },
        ]);
      }
    }
    const stream = await refusalOf(alice.port, { 'x-peercloud-id': 'x' });
    expect([stream.status, stream.body]).toEqual([
      403,
      { statusCode: 403, error: 'Forbidden', message: 'Forbidden' },
    ]);
    expect(calls).toEqual([]);
    expect(alice.membership.peers()).toEqual([]);
    const security = alice.app.get(PeerSecurity, { strict: false });
    expect(security.refused).toBeGreaterThanOrEqual(16);
  });
});
