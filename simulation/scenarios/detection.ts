import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../cloud/simulated-peer.js';
import { finished, summarize, type Spread } from './spread.js';

/** How a peer ends without a word. */
export type Ending = 'crash' | 'vanish';

/** Ms after which a death that not everybody knows of is given up. */
const PATIENCE = 180_000;

/** Lets peers end one after the other; counts from their end until the others know. */
export async function detection(
  cloud: SimulatedCloud,
  ending: Ending,
  count: number,
): Promise<Spread> {
  const curves: number[][] = [];
  for (let round = 0; round < count; round++) {
    // The moment within the probe interval matters: it is a different one each time.
    await cloud.clock.run(cloud.random.next() * 1000);
    const victim = cloud.pick(isSettled);
    const watch = cloud.watch('peer.left', victim.id);
    victim[ending]();
    await finished(cloud, watch, PATIENCE);
    curves.push(watch.times());
  }
  return summarize(curves);
}

function isSettled(peer: SimulatedPeer): boolean {
  return peer.core.isJoined;
}
