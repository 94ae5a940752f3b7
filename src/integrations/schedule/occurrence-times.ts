import { CronTime } from 'cron';

/** Ms before now in which the newest occurrence is looked for, one after another. */
const WINDOWS = [2_000, 60_000, 3_600_000, 86_400_000, 32 * 86_400_000];

/** The newest scheduled time up to now, by which all peers know an occurrence; Unix time in ms. */
export type OccurrenceTimes = (now: number) => number;

/**
 * Of a cron job, floored to the second. A tick comes some ms after its time, and long after it where the
 * process stood still: so it is not the tick's own time.
 *
 * @param timeOf the job's present schedule
 */
export function cronOccurrences(timeOf: () => CronTime): OccurrenceTimes {
  return (now) => {
    const time = timeOf();
    if (time.realDate) {
      return floor(new Date(time.source.valueOf()).getTime(), 1_000);
    }
    const zone = zoneOf(time);
    for (const window of WINDOWS) {
      let newest: number | undefined;
      let next = nextAfter(time, now - window, zone);
      while (next <= now) {
        newest = next;
        next = nextAfter(time, next, zone);
      }
      if (newest !== undefined) {
        return newest;
      }
    }
    return floor(now, 1_000);
  };
}

/** Of an interval: all peers count its periods from the same moment, whenever they started. */
export function intervalOccurrences(period: number): OccurrenceTimes {
  return (now) => floor(now, period);
}

function nextAfter(
  time: CronTime,
  ms: number,
  zone: string | undefined,
): number {
  return time.getNextDateFrom(new Date(ms), zone).toMillis();
}

/** As cron itself reads its two options. */
function zoneOf({ timeZone, utcOffset }: CronTime): string | undefined {
  if (utcOffset === undefined) {
    return timeZone;
  }
  const minutes = Math.abs(utcOffset);
  const hours = Math.trunc(minutes / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `UTC${utcOffset < 0 ? '-' : '+'}${two(hours)}:${two(minutes % 60)}`;
}

function floor(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}
