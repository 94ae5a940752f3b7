import { disagreement } from '../cloud/agreement.js';
import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../cloud/simulated-peer.js';
import { Staller } from '../cloud/staller.js';
import { measureLoad, type Load } from './load.js';
import { Verdicts } from './verdicts.js';

/** How long after waking the lists are looked at, in ms. */
const SOON = 5000;
const LATE = 40_000;

/** One stalled peer's way back. */
export interface Return {
  /** Somebody declared it dead, while it was stalled or because of it. */
  wasDeclaredDead: boolean;
  /** Share of the healthy peers' lists that have it 5 s after its waking. */
  soon: number;
  /** The same after 40 s. */
  late: number;
}

/** What a cloud made of loss and stalls. */
export interface Churn {
  minutes: number;
  /** Healthy peers declared dead. */
  declaredDead: number;
  /** Healthy peers suspected. */
  suspected: number;
  /** One for each stall. */
  returns: Return[];
  load: Load;
  /** What is wrong with the lists a minute after the last stall; undefined: nothing. */
  disagreement: string | undefined;
}

/** Lets peers stall for some time and watches what the others make of them. */
export async function churn(
  cloud: SimulatedCloud,
  share: number,
  minutes: number,
): Promise<Churn> {
  const verdicts = new Verdicts(cloud);
  const staller = new Staller(cloud, share);
  const returns: Return[] = [];
  staller.onWake((peer) => {
    const { clock } = cloud;
    let soon = 0;
    clock.setTimeout(() => (soon = shareThatKnows(cloud, peer)), SOON);
    clock.setTimeout(() => {
      const late = shareThatKnows(cloud, peer);
      const wasDeclaredDead = verdicts.takeEvicted(peer);
      returns.push({ wasDeclaredDead, soon, late });
    }, LATE);
  });
  staller.start();
  const measured = measureLoad(cloud);
  await cloud.clock.run(minutes * 60_000);
  const load = measured();
  staller.stop();
  await cloud.clock.run(90_000);
  return {
    minutes,
    declaredDead: verdicts.declaredDead.length,
    suspected: verdicts.suspected,
    returns,
    load,
    disagreement: disagreement(cloud),
  };
}

/** Share of the lists that have a peer: of those whose owners have been awake for as long as `SOON`. */
function shareThatKnows(cloud: SimulatedCloud, peer: SimulatedPeer): number {
  const now = cloud.clock.monotonic();
  const observers = cloud.healthy.filter(
    (observer) => observer !== peer && now - observer.wokeAt >= SOON,
  );
  const knowing = observers.filter((observer) => observer.core.get(peer.id));
  return knowing.length / observers.length;
}
