import { agrees, untilAgreed } from '../cloud/agreement.js';
import type { SimulatedCloud } from '../cloud/simulated-cloud.js';

/** What became of a cloud that was parted. */
export interface Healing {
  /** Ms from the cut until each half had exactly its own peers; Infinity: not within the parting. */
  parted: number;
  /** Ms from the healing until all lists were exactly right again. */
  healed: number;
}

/** Ms after which a healing is given up. */
const PATIENCE = 10 * 60_000;

/** Cuts the cloud in two halves, heals it after some minutes, and waits until it is one again. */
export async function partAndHeal(
  cloud: SimulatedCloud,
  minutes: number,
): Promise<Healing> {
  const one = cloud.running.filter((_, index) => index % 2 === 0);
  const other = cloud.running.filter((_, index) => index % 2 === 1);
  const start = cloud.clock.monotonic();
  const heal = cloud.network.links.part(
    one.map(({ ip }) => ip),
    other.map(({ ip }) => ip),
  );
  const apart = await cloud.clock.runUntil(
    () => agrees(cloud, one) && agrees(cloud, other),
    { timeout: minutes * 60_000, every: 500 },
  );
  const parted = apart ? cloud.clock.monotonic() - start : Infinity;
  await cloud.clock.run(
    Math.max(0, start + minutes * 60_000 - cloud.clock.monotonic()),
  );
  heal();
  return { parted, healed: await untilAgreed(cloud, PATIENCE) };
}
