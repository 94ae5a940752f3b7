import { untilAgreed } from '../cloud/agreement.js';
import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import { partAndHeal, type Healing } from './halves.js';

/** Minutes for which ways are cut. */
const CUT_MINUTES = 1;

/** Ms after which lists that are not right are given up. */
const PATIENCE = 10 * 60_000;

/** What a cloud made of faults of the network, and of a deployment. */
export interface Faults {
  halves: Healing;
  /** Ms until all lists were right, after one that had heard nobody for a minute was reached again. */
  deaf: number;
  /** The same, after a tenth of the processes was killed, each with a new one at once in its place. */
  restarts: number;
}

/** Parts a cloud, then makes one peer deaf, then restarts a tenth. */
export async function faults(cloud: SimulatedCloud): Promise<Faults> {
  return {
    halves: await partAndHeal(cloud, CUT_MINUTES),
    deaf: await deafen(cloud),
    restarts: await restartSome(cloud),
  };
}

/** A way that is cut in one direction only. */
async function deafen(cloud: SimulatedCloud): Promise<number> {
  const deaf = cloud.pick();
  const others = cloud.running.filter((peer) => peer !== deaf);
  const heal = cloud.network.links.cut(
    others.map(({ ip }) => ip),
    [deaf.ip],
  );
  await cloud.clock.run(CUT_MINUTES * 60_000);
  heal();
  return untilAgreed(cloud, PATIENCE);
}

async function restartSome(cloud: SimulatedCloud): Promise<number> {
  for (const old of cloud.running.filter((_, index) => index % 10 === 9)) {
    old.crash();
    cloud.restart(old);
  }
  return untilAgreed(cloud, PATIENCE);
}
