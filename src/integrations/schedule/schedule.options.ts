import {
  OptionsError,
  readSection,
  type OptionTable,
  type Section,
} from '../../index.js';
import type { CloudFence } from '../fences/index.js';

/** How the jobs of a cloud are run. Each peer has the same. */
export interface PeerScheduleOptions {
  /** The fence of each job that does not name one of its own. Default: none. */
  fence?: CloudFence | undefined;
  /** `minPeers` of jobs that do not say; default 1. */
  minPeers?: number | undefined;
  /** `onMinority` of jobs that do not say; default `run`. */
  onMinority?: 'run' | 'skip' | undefined;
  /**
   * Ms that this peer waits after `membership.whenSettled()` before it takes part; default 0. More keeps
   * a replica from jobs until it is warm.
   */
  settleTime?: number | undefined;
  /**
   * Ms after an occurrence's time at which the next peer in rank takes it over; default 1000. Less is
   * sooner after a death; more forgives an owner that is busy, and clocks that differ.
   */
  takeoverAfter?: number | undefined;
  /**
   * Ms that a lease of a fence outlives its holder; default 5000. Less is sooner after a death; more
   * forgives a fence that answers late.
   */
  leaseTtl?: number | undefined;
  /** Ms that a singleton may take to end before it is reported; default 10,000. */
  stopGrace?: number | undefined;
  /** Ms that a shutdown waits for runs that are under way; default 25,000. Then their signals fire. */
  handoverTimeout?: number | undefined;
}

const LONGEST = 24 * 3_600_000;

const TABLE = {
  fence: { type: 'other' },
  minPeers: { type: 'integer', min: 1, max: 10_000, default: 1 },
  onMinority: { type: 'choice', choices: ['run', 'skip'], default: 'run' },
  settleTime: ms(0, LONGEST, 0),
  takeoverAfter: ms(100, 60_000, 1_000),
  leaseTtl: ms(1_000, 600_000, 5_000),
  stopGrace: ms(0, LONGEST, 10_000),
  handoverTimeout: ms(0, LONGEST, 25_000),
} as const satisfies OptionTable;

/** The options, complete. */
export type ResolvedPeerScheduleOptions = Omit<
  Section<typeof TABLE>,
  'fence'
> & { readonly fence: CloudFence | undefined };

/** @throws OptionsError for a value that cannot work */
export function resolveScheduleOptions(
  options: PeerScheduleOptions,
): ResolvedPeerScheduleOptions {
  const { fence, ...rest } = readSection(options, '', TABLE);
  if (fence !== undefined && !isFence(fence)) {
    throw new OptionsError('fence', fence, 'must have a method acquire()');
  }
  return { ...rest, fence };
}

/**
 * What a job says of its own, or else the module.
 *
 * @throws OptionsError
 */
export function readJobOptions(
  options: Pick<PeerScheduleOptions, 'minPeers' | 'onMinority'>,
  defaults: ResolvedPeerScheduleOptions,
): Pick<ResolvedPeerScheduleOptions, 'minPeers' | 'onMinority'> {
  const { minPeers, onMinority } = TABLE;
  return readSection(options, '', { minPeers, onMinority }, defaults);
}

export function isFence(value: unknown): value is CloudFence {
  return (
    typeof value === 'object' &&
    value !== null &&
    'acquire' in value &&
    typeof value.acquire === 'function'
  );
}

function ms(min: number, max: number, fallback: number) {
  return { type: 'integer', min, max, default: fallback, unit: 'ms' } as const;
}
