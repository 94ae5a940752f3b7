import {
  idsOf,
  TestCloud,
} from '../../src/membership/core/testing-support/test-cloud.js';
import { byAmount } from '../support/amount.js';

/** Peers of ours, legacy peers, and how much of their traffic is lost. */
interface Mix {
  readonly ours: number;
  readonly legacy: number;
  readonly loss: number;
}

/** Ms of loss, and of quiet after it, in which all lists have to become right. */
const LOSSY = 300_000;
const QUIET = 300_000;

const MIXES: Mix[] = [1, 2, 3, 4].flatMap((ours) =>
  [2, 3].map((legacy) => ({ ours, legacy, loss: 0.1 })),
);

/** Seeds with which a legacy member once lacked another one at the end. */
const HARD: (Mix & { seed: number })[] = [
  { ours: 2, legacy: 2, loss: 0.1, seed: 217 },
  { ours: 2, legacy: 2, loss: 0.1, seed: 230 },
  { ours: 2, legacy: 3, loss: 0.1, seed: 211 },
  { ours: 2, legacy: 3, loss: 0.1, seed: 216 },
  { ours: 2, legacy: 3, loss: 0.1, seed: 222 },
  { ours: 2, legacy: 3, loss: 0.05, seed: 319 },
  { ours: 2, legacy: 3, loss: 0.05, seed: 330 },
];

const SEEDS = Array.from(
  { length: byAmount({ quick: 1, slow: 2, long: 60 }) },
  (_, index) => 201 + index,
);

/** Legacy members that check each other and lose packets: what each list is in the end, and should be. */
async function endOf({ ours, legacy, loss }: Mix, seed: number) {
  const cloud = new TestCloud(seed);
  const peers = await cloud.cloud(['a', 'b', 'c', 'd'].slice(0, ours));
  const originals = ['k', 'l', 'm']
    .slice(0, legacy)
    .map((id) => cloud.legacy(id, { checks: true }));
  for (const peer of originals) {
    await cloud.settle(peer.join(peers[0]!.address));
  }
  cloud.network.loss = loss;
  await cloud.clock.run(LOSSY);
  cloud.network.loss = 0;
  await cloud.clock.run(QUIET);
  const all = [
    ...peers.map((peer) => ({ id: peer.core.id, ids: idsOf(peer) })),
    ...originals,
  ];
  const listed = all.map(({ id, ids }) => `${id}: ${ids.join(' ')}`);
  const expected = all.map(({ id }) => {
    const others = all.filter((other) => other.id !== id);
    return `${id}: ${others.map((other) => other.id).join(' ')}`;
  });
  return { listed, expected };
}

/** What a legacy member lists of other legacy members it tells nobody, and nobody misses it. */
describe('legacy members after loss', () => {
  describe.each(MIXES)('$ours of ours, $legacy legacy', (mix) => {
    it.each(SEEDS)('list everybody once (seed %i)', async (seed) => {
      const { listed, expected } = await endOf(mix, seed);
      expect(listed).toEqual(expected);
    });
  });

  it.each(HARD)(
    'list everybody once: $ours of ours, $legacy legacy, loss $loss, seed $seed',
    async ({ seed, ...mix }) => {
      const { listed, expected } = await endOf(mix, seed);
      expect(listed).toEqual(expected);
    },
  );
});
