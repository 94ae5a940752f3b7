import { generateKeyPairSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { replay, SECRET, tap } from './support/wire.js';

const handled: object[] = [];

@Injectable()
class Recorder {
  @OnPeerMessage()
  record(body: object): void {
    handled.push(body);
  }
}

afterEach(closePeers);

const keys = [1, 2].map(() => generateKeyPairSync('ed25519'));
const trustedKeys = keys.map(({ publicKey }) => publicKey);

describe.each<[string, PeerCloudOptions, PeerCloudOptions]>([
  [
    'a fixed id',
    { id: 'alice', security: { secret: SECRET } },
    { id: 'bob', security: { secret: SECRET } },
  ],
  [
    'a key of its own',
    { security: { privateKey: keys[0]!.privateKey, trustedKeys } },
    { security: { privateKey: keys[1]!.privateKey, trustedKeys } },
  ],
])('a peer with %s', (_kind, forAlice, forBob) => {
  it('takes nothing after a restart that was sent to it before', async () => {
    const stream = { messaging: { stream: false as const } };
    const setup = {
      providers: [Recorder],
      options: { ...forAlice, ...stream },
    };
    const alice = await startPeer(setup);
    const bob = await startPeer({
      options: { ...forBob, ...stream, peers: [alice.address] },
    });
    await until(() => agree([alice, bob]));
    const captured = tap(bob);
    await bob.messaging.send(alice.membership.self.id, { pay: 1 });
    const message = captured.find(({ path }) => path === '/message')!;
    await alice.close();
    // Signatures know whole seconds.
    const second = Math.floor(Date.now() / 1000);
    await until(() => Math.floor(Date.now() / 1000) > second);
    const again = await startPeer({
      ...setup,
      options: { ...setup.options, peers: [bob.address] },
    });
    expect(again.membership.self.id).toBe(alice.membership.self.id);
    await until(() => agree([again, bob]));
    expect((await replay(again, message)).status).toBe(401);
    expect(handled.splice(0)).toEqual([{ pay: 1 }]);
    await bob.messaging.send(again.membership.self.id, { pay: 2 });
    expect(handled.splice(0)).toEqual([{ pay: 2 }]);
  });
});
