import type { CloudOptions } from './cloud/cloud.options.js';
import type { SimulatedCloud } from './cloud/simulated-cloud.js';
import { warmCloud } from './cloud/warm-cloud.js';
import { churn, type Churn } from './scenarios/churn.js';
import { detection } from './scenarios/detection.js';
import { faults, type Faults } from './scenarios/faults.js';
import { loadFor, type Load } from './scenarios/load.js';
import { memoryPerMember } from './scenarios/memory.js';
import {
  joinSpread,
  leaveSpread,
  type JoinSpread,
  type Spread,
} from './scenarios/spread.js';

/** What `simulate` is asked for. */
export interface FigureOptions extends CloudOptions {
  peers: number;
  /** Virtual minutes of loss and stalls, after the single events were measured. */
  minutes: number;
  /** Share of the peers that is stalled at any time, 0 to 1. */
  stalled: number;
}

/** What one simulated cloud shows of updates, and while some of its peers stall. */
export interface UpdateFigures {
  rest: Load;
  join: JoinSpread;
  leave: Spread;
  crash: Spread;
  vanish: Spread;
  churn: Churn;
  /** Errors that cores threw at the network. */
  errors: readonly unknown[];
}

/** Everything that one simulated cloud shows. */
export interface Figures extends UpdateFigures {
  faults: Faults;
  /** Bytes that each member takes in a peer's memory, on this machine. */
  memory: number;
}

/** Virtual ms over which the load at rest is measured. */
const REST = 30_000;

/** Peers that are left when the others have crashed or vanished, at least. */
const SURVIVORS = 4;

/**
 * Updates of each kind; fewer in clouds so large that each speaks for itself, and so small that
 * nobody would be left.
 */
const samplesFor = (peers: number) =>
  peers > 2000 ? 3 : Math.min(7, Math.floor((peers - SURVIVORS) / 2));

/** What a cloud shows at rest, and when peers join; the cheap part, for any size. */
export async function measureRestAndJoin(
  options: FigureOptions,
  progress: (step: string) => void = () => {},
): Promise<Pick<Figures, 'rest' | 'join'> & { cloud: SimulatedCloud }> {
  progress(`${options.peers} peers come to rest`);
  const cloud = await warmCloud(options, options.peers);
  progress('at rest');
  const rest = await loadFor(cloud, REST);
  progress('peers join');
  const join = await joinSpread(cloud, samplesFor(options.peers));
  return { cloud, rest, join };
}

/** The updates of one cloud, one kind after the other, then stalls. */
export async function measureUpdates(
  options: FigureOptions,
  progress: (step: string) => void = () => {},
): Promise<UpdateFigures & { cloud: SimulatedCloud }> {
  const samples = samplesFor(options.peers);
  const { cloud, rest, join } = await measureRestAndJoin(options, progress);
  progress('peers leave');
  const leave = await leaveSpread(cloud, join.joiners);
  progress('processes crash');
  const crash = await detection(cloud, 'crash', samples);
  progress('hosts vanish');
  const vanish = await detection(cloud, 'vanish', samples);
  progress(`${options.minutes} minutes of stalls`);
  const stalls = await churn(cloud, options.stalled, options.minutes);
  const { errors } = cloud.network;
  return { cloud, rest, join, leave, crash, vanish, churn: stalls, errors };
}

/** Runs one cloud through everything. `progress` is told what happens now. */
export async function measureFigures(
  options: FigureOptions,
  progress: (step: string) => void = () => {},
): Promise<Figures> {
  const memory = await memoryPerMember();
  const { cloud, ...updates } = await measureUpdates(options, progress);
  progress('cuts and restarts');
  return { ...updates, faults: await faults(cloud), memory };
}
