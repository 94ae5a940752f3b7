import { untilAgreed } from '../cloud/agreement.js';
import type { CloudOptions } from '../cloud/cloud.options.js';
import { SimulatedCloud } from '../cloud/simulated-cloud.js';

/** What became of many joins at once. */
export interface Storm {
  /** Ms until all lists were exactly right: nobody missing, nobody twice. */
  equal: number;
  cloud: SimulatedCloud;
}

/** Ms after which a storm is given up. */
const PATIENCE = 120_000;

/** Starts `count` peers at the same moment that all know one seed only, which is alone until then. */
export async function joinStorm(
  options: CloudOptions,
  count: number,
): Promise<Storm> {
  const cloud = new SimulatedCloud(options);
  const seed = cloud.add({ seeds: [], advertises: false });
  seed.start();
  await cloud.clock.run(3000);
  for (let index = 0; index < count; index++) {
    cloud.add({ seeds: [seed], advertises: false });
  }
  for (const peer of cloud.peers) {
    if (peer !== seed) {
      peer.start();
    }
  }
  const equal = await untilAgreed(cloud, PATIENCE);
  return { equal, cloud };
}
