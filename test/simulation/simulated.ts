import { disagreement } from '../../simulation/cloud/agreement.js';
import type { CloudOptions } from '../../simulation/cloud/cloud.options.js';
import { SimulatedCloud } from '../../simulation/cloud/simulated-cloud.js';
import { warmCloud } from '../../simulation/cloud/warm-cloud.js';
import { byAmount } from '../support/amount.js';

/** Seeds that every scenario runs with. */
const SEEDS = byAmount({
  quick: [11],
  slow: [11, 12],
  long: Array.from({ length: 20 }, (_, index) => 11 + index),
});

/** Seeds of a scenario that computes for long: it is left to the slow run. */
export const HEAVY = byAmount({ quick: [], slow: SEEDS, long: SEEDS });

/** Real ms for one seed of a scenario: some of them are work for seconds, and machines are busy. */
export const REAL_TIMEOUT = 120_000;

/**
 * A scenario as one test for each seed; the seed is in the test's name, so a failure says how to
 * repeat it. Bodies are copied as a wire does, and no core may throw at the network.
 */
export function scenario(
  name: string,
  run: (options: CloudOptions) => Promise<SimulatedCloud>,
  seeds: readonly number[] = SEEDS,
): void {
  it.each(seeds)(
    `${name} (seed %i)`,
    async (seed) => {
      const cloud = await run({ seed, bodies: 'copy' });
      expect(cloud.network.errors).toEqual([]);
    },
    REAL_TIMEOUT,
  );
}

/** A cloud of peers that know each other, at rest. */
export const settled = warmCloud;

/** A cloud that came into being by its own joins through the first peer. */
export async function grown(
  options: CloudOptions,
  count: number,
): Promise<SimulatedCloud> {
  const cloud = new SimulatedCloud(options);
  const seeds = [cloud.addressOf(0)];
  for (let index = 0; index < count; index++) {
    cloud.add({ seeds }).start();
  }
  await expectAgreement(cloud, 60_000);
  return cloud;
}

/** Virtual ms for which right lists have to stay right: a ghost would be back. */
const HOLD = 3000;

/** Waits until every running peer has exactly the others on its list. */
export async function expectAgreement(
  cloud: SimulatedCloud,
  timeout: number,
  among = () => cloud.running,
): Promise<void> {
  await cloud.clock.runUntil(() => disagreement(cloud, among()) === undefined, {
    timeout,
    every: 200,
  });
  expect(disagreement(cloud, among())).toBeUndefined();
  await cloud.clock.run(HOLD);
  expect(disagreement(cloud, among())).toBeUndefined();
}
