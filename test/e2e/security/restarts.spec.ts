import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { Injectable, type INestApplication } from '@nestjs/common';
import {
  OnPeerMessage,
  PeerSecurity,
  type PeerCloudOptions,
} from '../../../src/index.js';
import type { MessageSigner } from '../../../src/security/signature/message-signer.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { replay, SECRET, tap } from './support/wire.js';

const handled: object[] = [];
const realNow = Date.now.bind(Date);

@Injectable()
class Recorder {
  @OnPeerMessage()
  record(body: object): void {
    handled.push(body);
  }
}

afterEach(async () => {
  vi.restoreAllMocks();
  await closePeers();
});

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
    // Even if its clock is ahead.
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 5000);
    const captured = tap(bob);
    await bob.messaging.send(alice.membership.self.id, { pay: 1 });
    vi.restoreAllMocks();
    const message = captured.findLast(({ path }) => path === '/message')!;
    await alice.close();
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

  it('is let in again at once when its clock has gone back before a restart', async () => {
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 8000);
    const bob = await startPeer({ providers: [Recorder], options: forBob });
    const alice = await startPeer({
      options: { ...forAlice, peers: [bob.address] },
    });
    await until(() => agree([alice, bob]));
    await alice.close();
    vi.restoreAllMocks();
    const again = await startPeer({
      options: { ...forAlice, peers: [bob.address] },
    });
    await until(() => agree([again, bob]), { timeout: 5000 });
    await again.messaging.send(bob.membership.self.id, { pay: 4 });
    expect(handled.splice(0)).toEqual([{ pay: 4 }]);
  });

  it.each<[string, PeerCloudOptions]>([
    ['/stream', {}],
    ['/message', { messaging: { stream: false } }],
  ])(
    'is asked again by who takes it for its earlier self (%s)',
    async (path, lane) => {
      const alice = await startPeer({
        providers: [Recorder],
        options: { ...forAlice, ...lane },
      });
      const bob = await startPeer({
        options: { ...forBob, ...lane, peers: [alice.address] },
      });
      await until(() => agree([alice, bob]));
      const { id } = alice.membership.self;
      const { exchange } = bob.app.get(PeerSecurity, { strict: false });
      const headers = { 'x-peercloud-boot': 'an-earlier-one' };
      const { boots } = exchange as MessageSigner;
      boots.learn(id, { status: 200, headers }, undefined);
      const seen = requestsTo(alice);
      await bob.messaging.send(id, { pay: 3 });
      expect(handled.splice(0)).toEqual([{ pay: 3 }]);
      expect(seen.filter((each) => each === path)).toEqual([path, path]);
    },
  );
});

/** Paths of what a peer is asked from now on. */
function requestsTo({ app }: PeerApp): string[] {
  const paths: string[] = [];
  const server = (app as INestApplication<Server>).getHttpServer();
  const emit = server.emit.bind(server);
  server.emit = (event: string, ...rest: unknown[]) => {
    if (event === 'request' || event === 'upgrade') {
      paths.push((rest[0] as IncomingMessage).url!);
    }
    return emit(event, ...rest);
  };
  return paths;
}
