import { CronTime } from 'cron';
import { cronOccurrences, intervalOccurrences } from './occurrence-times.js';

const at = (iso: string): number => Date.parse(iso);

describe('the newest occurrence of a cron job', () => {
  it.each([
    ['* * * * * *', '2026-03-01T10:00:05.003Z', '2026-03-01T10:00:05Z'],
    ['* * * * * *', '2026-03-01T10:00:05.999Z', '2026-03-01T10:00:05Z'],
    ['0 * * * * *', '2026-03-01T10:00:00.001Z', '2026-03-01T10:00:00Z'],
    ['0 * * * * *', '2026-03-01T10:00:20.000Z', '2026-03-01T10:00:00Z'],
    ['*/5 * * * *', '2026-03-01T10:04:59.999Z', '2026-03-01T10:00:00Z'],
    ['0 3 * * *', '2026-03-02T02:59:59.999Z', '2026-03-01T03:00:00Z'],
    ['0 3 * * *', '2026-03-02T03:00:00.000Z', '2026-03-02T03:00:00Z'],
    ['0 0 1 * *', '2026-03-31T23:59:59.000Z', '2026-03-01T00:00:00Z'],
  ])('of "%s" at %s is %s', (pattern, now, newest) => {
    const times = cronOccurrences(() => new CronTime(pattern, 'UTC'));
    expect(new Date(times(at(now)))).toEqual(new Date(newest));
  });

  it('is in the time zone of the job', () => {
    const tokyo = cronOccurrences(
      () => new CronTime('0 3 * * *', 'Asia/Tokyo'),
    );
    expect(tokyo(at('2026-03-01T18:00:00.004Z'))).toBe(
      at('2026-03-01T18:00:00Z'),
    );
    const offset = cronOccurrences(() => new CronTime('0 3 * * *', null, 330));
    expect(offset(at('2026-03-01T21:30:00.004Z'))).toBe(
      at('2026-03-01T21:30:00Z'),
    );
    const west = cronOccurrences(() => new CronTime('0 3 * * *', null, -210));
    expect(west(at('2026-03-01T06:30:00.004Z'))).toBe(
      at('2026-03-01T06:30:00Z'),
    );
  });

  it('is what cron would call next, on the days when clocks change', () => {
    for (const day of [
      '2026-03-28',
      '2026-03-29',
      '2026-10-24',
      '2026-10-25',
    ]) {
      for (const pattern of ['30 2 * * *', '*/20 * * * *']) {
        const time = new CronTime(pattern, 'Europe/Berlin');
        const times = cronOccurrences(() => time);
        let next = at(`${day}T00:00:00Z`);
        for (let round = 0; round < 20; round++) {
          next = time
            .getNextDateFrom(new Date(next), 'Europe/Berlin')
            .toMillis();
          expect(times(next + 3)).toBe(next);
        }
      }
    }
  });

  it('is the date of a job with a date', () => {
    const date = new Date('2026-03-01T10:00:00.700Z');
    const times = cronOccurrences(() => new CronTime(date));
    expect(times(date.getTime() + 5)).toBe(at('2026-03-01T10:00:00Z'));
  });

  it('follows a schedule that is set anew', () => {
    let time = new CronTime('0 * * * * *', 'UTC');
    const times = cronOccurrences(() => time);
    const now = at('2026-03-01T10:00:31Z');
    expect(times(now)).toBe(at('2026-03-01T10:00:00Z'));
    time = new CronTime('*/10 * * * * *', 'UTC');
    expect(times(now)).toBe(at('2026-03-01T10:00:30Z'));
  });
});

it('the newest occurrence of an interval is that of all peers, whenever they began', () => {
  const times = intervalOccurrences(10_000);
  expect(times(at('2026-03-01T10:00:03Z'))).toBe(at('2026-03-01T10:00:00Z'));
  expect(times(at('2026-03-01T10:00:09.9Z'))).toBe(at('2026-03-01T10:00:00Z'));
  expect(times(at('2026-03-01T10:00:10Z'))).toBe(at('2026-03-01T10:00:10Z'));
});
