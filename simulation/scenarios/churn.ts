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
  /** Stalls that ended. */
  stalls: number;
  /** Those of them in which the peer was declared dead. */
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
  let stalls = 0;
  staller.onWake((peer) => {
    stalls++;
    if (verdicts.takeEvicted(peer)) watchReturn(cloud, peer, returns);
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
    stalls,
    returns,
    load,
    disagreement: disagreement(cloud),
  };
}

function watchReturn(
  cloud: SimulatedCloud,
  peer: SimulatedPeer,
  returns: Return[],
): void {
  cloud.clock.setTimeout(() => {
    const soon = shareThatKnows(cloud, peer, SOON);
    cloud.clock.setTimeout(
      () => returns.push({ soon, late: shareThatKnows(cloud, peer, SOON) }),
      LATE - SOON,
    );
  }, SOON);
}

/** Of the peers that were awake for the last `ms`. */
function shareThatKnows(
  cloud: SimulatedCloud,
  peer: SimulatedPeer,
  ms: number,
): number {
  const now = cloud.clock.monotonic();
  const observers = cloud.healthy.filter(
    (observer) => observer !== peer && now - observer.wokeAt >= ms,
  );
  const knowing = observers.filter((observer) => observer.core.get(peer.id));
  return knowing.length / observers.length;
}
