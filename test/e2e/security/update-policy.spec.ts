import { PEER_HTTP_SERVICE } from '../../../src/index.js';
import type { PeerHttpService } from '../../../src/transport/http/peer-http.service.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { until } from '../../support/until.js';
import {
  agree,
  checkUntil,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import {
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
  say,
} from './support/fake-peer.js';

const FEATURES = ['update', 'gossip', 'probe', 'sync'];

afterEach(async () => {
  await closePeers();
  await closeFakePeers();
});

/** Every address that a peer calls from now on. */
function callsOf({ app }: PeerApp): string[] {
  const calls: string[] = [];
  const http: PeerHttpService = app.get(PEER_HTTP_SERVICE, { strict: false });
  http.axiosRef.interceptors.request.use((config) => {
    calls.push(new URL(config.url!).host);
    return config;
  });
  return calls;
}

const updateOf = (id: string, ip: string, port: number): JsonObject => ({
  id,
  ip,
  port,
  data: {},
  features: FEATURES,
  incarnation: Date.now() + 1000,
  state: 'alive',
});

describe.each(['/joined', 'gossip', '/sync'])(
  'what a member says in %s',
  (way) => {
    it('makes a peer call nobody whom /join would not', async () => {
      const alice = await startPeer();
      const bob = await startPeer({ options: { peers: [alice.address] } });
      await until(() => agree([alice, bob]));
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const before = listOf(alice);
      const calls = callsOf(alice);
      const inner = await fakePeer({ id: 'inner' });
      const victim = bob.membership.self.id;
      const lies = [
        ['169.254.169.254', 9338],
        ['::ffff:169.254.169.254', 9338],
        ['::ffff:a9fe:a9fe', 9338],
        ['64:ff9b::a9fe:a9fe', 9338],
        ['fd00:ec2::254', 9338],
        ['0.0.0.0', inner.port],
        ['::', inner.port],
        ['224.0.0.1', 9338],
        ['fe80::1', 9338],
        ['8.8.8.8', 9338],
        ['2130706433', inner.port],
        ['0x7f000001', inner.port],
        ['localhost', inner.port],
        ['127.0.0.1', 22],
        ['127.0.0.1', 0],
      ].flatMap(([ip, port], index) => [
        updateOf(`invented-${index}`, ip as string, port as number),
        // A member that is said to have moved there.
        updateOf(victim, ip as string, port as number),
      ]);
      for (const lie of lies) {
        const { status } =
          way === '/joined'
            ? await say(mallory, alice, way, lie)
            : way === 'gossip'
              ? await say(mallory, alice, '/status', {
                  ext: { updates: [lie] },
                })
              : await say(mallory, alice, way, { members: [lie] });
        expect([200, 400]).toContain(status);
      }
      // It has checked its members meanwhile, and nobody else.
      await checkUntil(alice, () => calls.includes(`127.0.0.1:${bob.port}`));
      await checkUntil(alice, () =>
        calls.includes(`127.0.0.1:${mallory.port}`),
      );
      const known = [bob, mallory].map(({ port }) => `127.0.0.1:${port}`);
      expect(calls.filter((host) => !known.includes(host))).toEqual([]);
      expect(inner.calls).toEqual([]);
      expect(listOf(alice)).toEqual(before);
      expect(alice.membership.get(victim)?.port).toBe(bob.port);
      expect((await post(alice, '/status', {})).status).toBe(200);
    });
  },
);
