import { CronTime } from 'cron';
import { OptionsError } from '../options/option-checks.js';

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
