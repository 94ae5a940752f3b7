import { CronTime } from 'cron';
import { EvenCronTime, TickJitter } from './health-check.schedule.js';

describe('EvenCronTime', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());

  it.each([
    ['* * * * * *', 1000],
    ['*/5 * * * * *', 5000],
    ['3-59/20 * * * * *', 20_000],
    ['7,37 * * * * *', 30_000],
    ['59 * * * * *', 60_000],
    ['* * * * *', 60_000],
  ])('fires when the library says (%s)', (expression, interval) => {
    const time = new EvenCronTime(expression, interval);
    const calendar = new CronTime(expression, undefined, 0);
    for (const at of ['00:00:00.500', '11:59:58.999', '23:59:37.001']) {
      vi.setSystemTime(`2026-02-28T${at}Z`);
      expect(time.getTimeout() % interval).toBe(calendar.getTimeout());
    }
  });

  it.each([
    ['at', 0, 1000],
    ['a moment before', -15, 1015],
    ['a moment after', 15, 985],
  ])('waits for the next firing %s the beat', (_when, shift, wait) => {
    vi.setSystemTime(Date.UTC(2026, 1, 28) + shift);
    expect(new EvenCronTime('* * * * * *', 1000).getTimeout()).toBe(wait);
  });
});

describe('TickJitter', () => {
  it('never reaches the next beat', () => {
    const jitter = new TickJitter(1000, () => 0.999);
    expect(jitter.next()).toBeLessThan(1000);
  });

  it('keeps the phase and wavers around it', () => {
    const chances = [0.5, 0, 0.5, 1];
    const jitter = new TickJitter(1000, () => chances.shift()!);
    expect([jitter.next(), jitter.next(), jitter.next()]).toEqual([
      400, 450, 500,
    ]);
  });
});
