import type { CloudOptions } from './cloud/cloud.options.js';
import { warmCloud } from './cloud/warm-cloud.js';
import { churn, type Churn } from './scenarios/churn.js';
import { detection } from './scenarios/detection.js';
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

/** Everything that one simulated cloud shows. */
export interface Figures {
  rest: Load;
  join: JoinSpread;
  leave: Spread;
  crash: Spread;
  vanish: Spread;
  churn: Churn;
  /** Bytes that each member takes in a peer's memory, on this machine. */
  memory: number;
  /** Errors that cores threw at the network. */
  errors: readonly unknown[];
}

/** Virtual ms over which the load at rest is measured. */
const REST = 30_000;

/** Pieces of news of each kind; fewer in clouds so large that each speaks for itself. */
const samplesFor = (peers: number) => (peers > 2000 ? 3 : 7);

/** Runs one cloud through everything. `progress` is told what happens now. */
export async function measureFigures(
  options: FigureOptions,
  progress: (step: string) => void = () => {},
): Promise<Figures> {
  const samples = samplesFor(options.peers);
  const memory = await memoryPerMember();
  progress(`${options.peers} peers come to rest`);
  const cloud = await warmCloud(options, options.peers);
  progress('at rest');
  const rest = await loadFor(cloud, REST);
  progress('peers join');
  const join = await joinSpread(cloud, samples);
  progress('peers leave');
  const leave = await leaveSpread(cloud, join.joiners);
  progress('processes crash');
  const crash = await detection(cloud, 'crash', samples);
  progress('hosts vanish');
  const vanish = await detection(cloud, 'vanish', samples);
  progress(`${options.minutes} minutes of stalls`);
  const stalls = await churn(cloud, options.stalled, options.minutes);
  return {
    rest,
    join,
    leave,
    crash,
    vanish,
    churn: stalls,
    memory,
    errors: cloud.network.errors,
  };
}
