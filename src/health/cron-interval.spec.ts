import { CronExpression } from '@nestjs/schedule';
import { OptionsError } from '../options/option-checks.js';
import { cronInterval } from './health-check.options.js';

describe('cronInterval', () => {
  it.each<[string, number]>([
    ['* * * * * *', 1000],
    [CronExpression.EVERY_5_SECONDS, 5000],
    ['*/30 * * * * *', 30_000],
    ['5,25,45 * * * * *', 20_000],
    ['0 * * * * *', 60_000],
    [CronExpression.EVERY_MINUTE, 60_000],
    ['@secondly', 1000],
    ['@minutely', 60_000],
  ])('knows the period of %s', (expression, interval) => {
    expect(cronInterval(expression, 'cron')).toBe(interval);
  });

  it.each([
    ['uneven', '*/7 * * * * *'],
    ['uneven', '0,10,30 * * * * *'],
    ['rarer than a minute', '*/2 * * * *'],
    ['rarer than a minute', CronExpression.EVERY_HOUR],
    ['with nights off', '* * 9-17 * * *'],
    ['with days off', '* * * * * 1-5'],
    ['out of range', '70 * * * * *'],
    ['no cron expression', 'every second'],
  ])('refuses what is %s: %s', (_, expression) => {
    expect(() => cronInterval(expression, 'cron')).toThrow(OptionsError);
    expect(() => cronInterval(expression, 'cron')).toThrow(
      `cron: ${JSON.stringify(expression)}: must be a cron expression that fires evenly`,
    );
  });
});
