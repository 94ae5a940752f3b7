import type { SeedAddress } from '../commands.js';

/** Where a fence's server is. */
export interface FencePlace {
  kind: FenceKind;
  ip: string;
  port: number;
}

export type FenceKind = 'postgres' | 'redis' | 'nats';

export const FENCES: readonly FenceKind[] = ['postgres', 'redis', 'nats'];

/** How a replica is started. */
export interface ReplicaOptions {
  port: number;
  seeds: SeedAddress[];
  fence?: FencePlace | undefined;
  onMinority: 'run' | 'skip';
}

/** What a replica tells the runner. */
export type ReplicaReport =
  /** It takes part. */
  | { type: 'ready' }
  /** The job: a run began, and what it did is to be stored. */
  | { type: 'ran' | 'wrote'; occurrence: number; token: string }
  /** The singleton. */
  | { type: 'began' | 'alive' | 'ended'; token: string }
  | { type: 'took-over' };

/** What the runner asks of a replica. */
export interface RunnerCommand {
  /** Ms for which its event loop stands still. */
  block: number;
}
