import { FENCES, type FenceKind } from './jobs/reports.js';
import type { Lab, NatsOf } from './lab.js';
import type { Network } from './network.js';

/** How large a run is. */
export interface ChaosSize {
  hosts: number;
  peersPerHost: number;
  /** Peers that start at the same instant. */
  simultaneous: number;
  /** Seconds that a process stands still. */
  stallSeconds: number;
  /** Seconds that a partition lasts after both halves are right. */
  partitionSeconds: number;
  /** Seconds of packet loss. */
  lossSeconds: number;
  jobs: JobsSize;
}

/** How much is done to clouds with jobs. */
export interface JobsSize {
  /** Seconds of undisturbed work. */
  quietSeconds: number;
  /** Restarts of all replicas, one after another. */
  rounds: number;
  kills: number;
  blocks: number;
  partitionSeconds: number;
  handovers: number;
  deaths: number;
  /** Kinds of fences, each of which is tried. */
  fences: readonly FenceKind[];
}

export const FULL: ChaosSize = {
  hosts: 9,
  peersPerHost: 4,
  simultaneous: 20,
  stallSeconds: 20,
  partitionSeconds: 60,
  lossSeconds: 60,
  jobs: {
    quietSeconds: 120,
    rounds: 2,
    kills: 10,
    blocks: 10,
    partitionSeconds: 60,
    handovers: 50,
    deaths: 20,
    fences: FENCES,
  },
};

/** For CI: a minute or two. */
export const SHORT: ChaosSize = {
  hosts: 3,
  peersPerHost: 3,
  simultaneous: 8,
  stallSeconds: 12,
  partitionSeconds: 5,
  lossSeconds: 10,
  jobs: {
    quietSeconds: 10,
    rounds: 1,
    kills: 1,
    blocks: 2,
    partitionSeconds: 15,
    handovers: 5,
    deaths: 2,
    fences: ['postgres'],
  },
};

/** What a step says while it runs; every line is printed. */
export type Say = (line: string) => void;

export interface StepContext {
  network: Network;
  size: ChaosSize;
  say: Say;
  /**
   * A new lab on the run's network, closed when the step ends.
   *
   * @param natsOf the NATS server of each host, by its number from 0: the lab is on NATS, and not on the network
   */
  lab: (natsOf?: NatsOf) => Lab;
}

/** One thing that is done to a cloud, and what must be true after it; it throws if it is not. */
export interface Step {
  name: string;
  /** What the network must be able to do. */
  needs?: 'canPart' | 'canLose';
  /** True where legacy peers take part, which cannot sign. */
  needsOpenCloud?: boolean;
  run(context: StepContext): Promise<void>;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Waits real time: the length of a fault is what a step is about. */
export function last(secondsLong: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, secondsLong * 1000));
}
