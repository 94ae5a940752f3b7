import { readSection, type OptionTable, type Section } from '../../index.js';

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

const TABLE = {
  maxKeys: { type: 'integer', min: 1, max: 10_000_000, default: 100_000 },
  timeout: { type: 'integer', min: 1, max: 60_000, default: 500 },
} as const satisfies OptionTable;

/** The options, complete. */
export type ResolvedThrottlerOptions = Section<typeof TABLE>;

/** @throws OptionsError for a value that cannot work */
export function resolveThrottlerOptions(
  options: PeerThrottlerOptions,
): ResolvedThrottlerOptions {
  return readSection(options, '', TABLE);
}
