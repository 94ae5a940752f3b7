import { readSection } from '../options/read-section.js';
import { HEALTH_CHECK } from '../options/option-tables.js';
import { cronInterval } from './cron-interval.js';

/** How often the members of the cloud are checked. */
export interface HealthCheckOptions {
  /**
   * When to check the next member, as a cron expression of 5 or 6 fields (with 6, the first one is
   * seconds). It has to fire evenly, every 1 to 60 s; the usual one fires every second. Rarer checks mean less traffic (one request a check,
   * at any size of the cloud) and crashed peers that are noticed later: about three checks after the
   * crash.
   *
   * @defaultValue `* * * * * *`
   */
  cron?: string | undefined;
}

/** Complete health check options. */
export interface ResolvedHealthCheckOptions {
  readonly cron: string;
  /** Ms between two checks, worked out from `cron`. */
  readonly interval: number;
}

/**
 * Checks the section and fills in the defaults; `false` where checks are only made by hand.
 *
 * @throws OptionsError that names the option
 */
export function resolveHealthCheckOptions(
  input: unknown,
  path: string,
): ResolvedHealthCheckOptions | false {
  if (input === false) {
    return false;
  }
  const given = input === true ? {} : input;
  const { cron } = readSection(given, path, HEALTH_CHECK);
  return Object.freeze({ cron, interval: cronInterval(cron, `${path}.cron`) });
}
