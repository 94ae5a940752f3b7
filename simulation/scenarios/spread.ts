import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../cloud/simulated-peer.js';
import type { Watch } from '../cloud/watch.js';
import { median } from '../statistics.js';

/** How one kind of update spread, over several of them. All in virtual ms. */
export interface Spread {
  /** Medians of the times until half, 99 % and all of the peers knew. */
  half: number;
  most: number;
  all: number;
  /** Each piece's times, observer by observer. */
  curves: number[][];
}

/** Ms after which an update that has not reached everybody is given up. */
const PATIENCE = 60_000;

/** Ms between two updates. */
const PAUSE = 5000;

export function summarize(curves: number[][]): Spread {
  const at = (share: number) =>
    median(
      curves.map(
        (times) => times[Math.max(0, Math.ceil(share * times.length) - 1)]!,
      ),
    );
  return { half: at(0.5), most: at(0.99), all: at(1), curves };
}

/** What came of the joins: their spread, and how long it took to be let in. */
export interface JoinSpread extends Spread {
  /** Median ms from the joiner's start until the first peer had it on its list. */
  admitted: number;
  joiners: SimulatedPeer[];
}

/** Lets peers join one after the other; counts from their start, being let in included. */
export async function joinSpread(
  cloud: SimulatedCloud,
  count: number,
): Promise<JoinSpread> {
  const curves: number[][] = [];
  const admitted: number[] = [];
  const joiners: SimulatedPeer[] = [];
  for (let round = 0; round < count; round++) {
    const joiner = cloud.add();
    joiners.push(joiner);
    const watch = cloud.watch('peer.joined', joiner.id);
    joiner.start();
    await finished(cloud, watch);
    admitted.push(watch.times()[0]!);
    curves.push(watch.times());
  }
  return { ...summarize(curves), admitted: median(admitted), joiners };
}

/** Lets the given peers leave one after the other; counts from their decision to leave. */
export async function leaveSpread(
  cloud: SimulatedCloud,
  leavers: readonly SimulatedPeer[],
): Promise<Spread> {
  const curves: number[][] = [];
  for (const leaver of leavers) {
    const watch = cloud.watch('peer.left', leaver.id);
    void leaver.leave();
    await finished(cloud, watch);
    curves.push(watch.times());
  }
  return summarize(curves);
}

/** Waits until everybody healthy knows, then lets the cloud rest. */
export async function finished(
  cloud: SimulatedCloud,
  watch: Watch,
  patience = PATIENCE,
): Promise<void> {
  await cloud.clock.runUntil(() => watch.complete, {
    timeout: patience,
    every: 20,
  });
  cloud.unwatch(watch);
  await cloud.clock.run(PAUSE);
}
