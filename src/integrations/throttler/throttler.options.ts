import { OptionsError } from '../../index.js';

/** The module's options, complete: ResolvedThrottlerOptions. */
export const THROTTLER_OPTIONS = Symbol('PEER_THROTTLER_OPTIONS');

/** How requests are counted. Each replica has the same. */
export interface PeerThrottlerOptions {
  /**
   * Keys that a replica counts at a time; default 100,000. With more, the one whose window began first
   * starts anew: an attacker who can choose keys makes others' counts be forgotten.
   */
  maxKeys?: number | undefined;
  /** Ms that a request waits for the owner of its key; default 500. Then the share of this replica counts. */
  timeout?: number | undefined;
}

/** The options, complete. */
export type ResolvedThrottlerOptions = {
  [Name in keyof PeerThrottlerOptions]-?: number;
};

const RULES = {
  maxKeys: { min: 1, max: 10_000_000, default: 100_000 },
  timeout: { min: 1, max: 60_000, default: 500 },
};

/** @throws OptionsError for a value that cannot work */
export function resolveThrottlerOptions(
  options: PeerThrottlerOptions,
): ResolvedThrottlerOptions {
  const read = (name: keyof typeof RULES): number => {
    const { min, max, default: otherwise } = RULES[name];
    const value = options[name] ?? otherwise;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new OptionsError(
        name,
        value,
        `must be a whole number, ${min} to ${max}`,
      );
    }
    return value;
  };
  return { maxKeys: read('maxKeys'), timeout: read('timeout') };
}
