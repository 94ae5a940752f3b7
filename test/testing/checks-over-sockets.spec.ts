import { Module } from '@nestjs/common';
import { PeerCloudModule } from '../../src/index.js';
import { CloudClock } from '../../src/testing/cloud-clock.js';
import type { InMemoryPeers } from '../../src/testing/in-memory-peer.js';
import { MessageRecorder } from '../../src/testing/message-recorder.js';
import { InMemoryNetwork } from '../../src/testing/network/in-memory-network.js';
import { SeededRandom } from '../../src/testing/network/seeded-random.js';
import { resolveTestCloudOptions } from '../../src/testing/test-cloud.options.js';
import { startPeer, type TestPeer } from '../../src/testing/test-peer.js';

const SEED = 3;
const PEERS = 5;

/** Ms until every peer has opened its socket to each other one. */
const SETTLED = 20_000;
/** Ms for which it is watched what becomes of a fault. */
const WATCHED = 30_000;
/** Ms by which detection may differ: a probe timeout. */
const MARGIN = 250;

const addresses = Array.from({ length: PEERS }, (_, index) => ({
  ip: `10.0.0.${index + 1}`,
  port: 9338,
}));
const [{ ip: VICTIM }, ...OTHERS] = addresses as [
  (typeof addresses)[0],
  ...typeof addresses,
];

@Module({ imports: [PeerCloudModule.forRoot()] })
class AppModule {}

interface Cloud {
  network: InMemoryNetwork;
  victim: TestPeer;
  others: TestPeer[];
  /** Ms of the cloud's time that pass. */
  advance(ms: number): Promise<void>;
  /** Ms until the victim is on no list any more. */
  found(): Promise<number>;
  close(): void;
}

/** A settled cloud whose peers check each other over sockets, or have none. */
async function start(streams: boolean): Promise<Cloud> {
  const clock = new CloudClock(false);
  const random = new SeededRandom(SEED);
  const network = new InMemoryNetwork({ clock, random });
  const options = resolveTestCloudOptions({
    seed: SEED,
    peerCloud: streams ? {} : { messaging: { stream: false } },
  });
  const listening: InMemoryPeers = new Map();
  const peers: TestPeer[] = [];
  for (const index of addresses.keys()) {
    const peer = await clock.during(() =>
      startPeer(index, index, {
        network,
        metadata: { imports: [AppModule] },
        options,
        recorder: new MessageRecorder(() => index),
        addresses,
        peers: listening,
      }),
    );
    peers.push(peer);
  }
  await clock.advance(SETTLED);
  const [victim, ...others] = peers as [TestPeer, ...TestPeer[]];
  return {
    network,
    victim,
    others,
    advance: (ms) => clock.advance(ms),
    found: async () => {
      const since = clock.monotonic();
      const isGone = ({ network }: TestPeer) => !network.core.get(victim.id);
      await clock.until(() => others.every(isGone), WATCHED);
      return clock.monotonic() - since;
    },
    close: () => {
      clock.stop();
      for (const { network: peer } of peers) {
        peer.crash();
      }
    },
  };
}

function statusRequests({ meter }: InMemoryNetwork): number {
  return meter.requests().get('status') ?? 0;
}

describe('a member', () => {
  it('is checked over the sockets to it, and asked for /status no more', async () => {
    const cloud = await start(true);
    const before = statusRequests(cloud.network);
    await cloud.advance(WATCHED);
    expect(statusRequests(cloud.network)).toBe(before);
    cloud.close();
  });

  it.each<[string, (cloud: Cloud) => void]>([
    ['is killed', ({ victim }) => victim.network.crash()],
    ['stands still', ({ victim }) => victim.stall()],
    [
      'cannot be called any more, while its own calls get through',
      ({ network }) =>
        network.links.bar(
          OTHERS.map(({ ip }) => ip),
          [VICTIM],
        ),
    ],
  ])('that %s is found as soon as by /status', async (_, fault) => {
    const found: number[] = [];
    for (const streams of [true, false]) {
      const cloud = await start(streams);
      fault(cloud);
      found.push(await cloud.found());
      cloud.close();
    }
    const [over, without] = found as [number, number];
    expect(without).toBeLessThan(WATCHED);
    expect(over).toBeLessThanOrEqual(without + MARGIN);
  });

  it.each<[string, (cloud: Cloud) => void]>([
    [
      'are stalled',
      ({ network }) => {
        network.transmit = () => undefined;
      },
    ],
    [
      'break all the time',
      ({ victim }) => {
        const timer = setInterval(() => victim.network.cutOff());
        onTestFinished(() => clearInterval(timer));
      },
    ],
  ])('that is well is not suspected when its sockets %s', async (_, fault) => {
    const cloud = await start(true);
    const suspected: string[] = [];
    for (const { network } of cloud.others) {
      network.core.onEvent(({ type }) => suspected.push(type));
    }
    const before = statusRequests(cloud.network);
    fault(cloud);
    await cloud.advance(WATCHED);
    expect(statusRequests(cloud.network)).toBeGreaterThan(before);
    expect(suspected).toEqual([]);
    cloud.close();
  });
});
