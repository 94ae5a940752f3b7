import { readSection } from '../options/read-section.js';
import { HEALTH_CHECK } from '../options/option-tables.js';
import { CronTime } from 'cron';
import { OptionsError } from '../options/option-checks.js';

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

const MINUTE = 60;
const RULE =
  "must be a cron expression that fires evenly, every 1 to 60 s, like '*/5 * * * * *'";

/**
 * Ms between two firings of a cron expression. Throws an OptionsError for one that is wrong, fires
 * unevenly, or more rarely than once a minute: failure detection counts in these intervals.
 */
export function cronInterval(expression: string, path: string): number {
  const [second = '', ...rest] = fieldsOf(expression, path);
  if (rest.some((field) => field !== '*')) {
    throw new OptionsError(path, expression, RULE);
  }
  if (second === '*') {
    return 1000;
  }
  const seconds = second.split(',').map(Number);
  const gaps = seconds.map(
    (at, index) => (seconds[index + 1] ?? seconds[0]! + MINUTE) - at,
  );
  if (gaps.some((gap) => gap !== gaps[0])) {
    throw new OptionsError(path, expression, RULE);
  }
  return gaps[0]! * 1000;
}

/** The six fields in their plain form: `*`, or every value that matches. */
function fieldsOf(expression: string, path: string): string[] {
  try {
    return new CronTime(expression).toJSON();
  } catch (cause) {
    throw new OptionsError(path, expression, RULE, { cause });
  }
}
