import { OptionsError } from '../../index.js';
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

/** The options, complete. */
export type ResolvedPeerScheduleOptions = Required<
  Omit<PeerScheduleOptions, 'fence'>
> & { fence: CloudFence | undefined };

const LONGEST = 24 * 3_600_000;

const RULES = {
  minPeers: { min: 1, max: 10_000, default: 1 },
  settleTime: { min: 0, max: LONGEST, default: 0 },
  takeoverAfter: { min: 100, max: 60_000, default: 1_000 },
  leaseTtl: { min: 1_000, max: 600_000, default: 5_000 },
  stopGrace: { min: 0, max: LONGEST, default: 10_000 },
  handoverTimeout: { min: 0, max: LONGEST, default: 25_000 },
} as const;

/** @throws OptionsError for a value that cannot work */
export function resolveScheduleOptions(
  options: PeerScheduleOptions,
): ResolvedPeerScheduleOptions {
  const number = (name: keyof typeof RULES): number =>
    readNumber(name, options[name] ?? RULES[name].default);
  const { fence } = options;
  if (fence !== undefined && !isFence(fence)) {
    throw new OptionsError('fence', fence, 'must have a method acquire()');
  }
  return {
    fence,
    minPeers: number('minPeers'),
    onMinority: readOnMinority(options.onMinority ?? 'run'),
    settleTime: number('settleTime'),
    takeoverAfter: number('takeoverAfter'),
    leaseTtl: number('leaseTtl'),
    stopGrace: number('stopGrace'),
    handoverTimeout: number('handoverTimeout'),
  };
}

/** @throws OptionsError */
export function readNumber(name: keyof typeof RULES, value: unknown): number {
  const { min, max } = RULES[name];
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    throw new OptionsError(
      name,
      value,
      `must be a whole number, ${min} to ${max}`,
    );
  }
  return value as number;
}

/** @throws OptionsError */
export function readOnMinority(value: unknown): 'run' | 'skip' {
  if (value !== 'run' && value !== 'skip') {
    throw new OptionsError('onMinority', value, "must be 'run' or 'skip'");
  }
  return value;
}

export function isFence(value: unknown): value is CloudFence {
  return (
    typeof value === 'object' &&
    value !== null &&
    'acquire' in value &&
    typeof value.acquire === 'function'
  );
}
