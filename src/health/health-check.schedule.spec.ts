import { CronTime } from 'cron';
import { EvenCronTime, TickJitter } from './health-check.schedule.js';

const none = new TickJitter(1000, () => 0);

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
    const time = new EvenCronTime(expression, interval, none);
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
    expect(new EvenCronTime('* * * * * *', 1000, none).getTimeout()).toBe(wait);
  });
});

describe('TickJitter', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());

  it('keeps the phase and wavers around it', () => {
    const chances = [0.5, 0, 0.5, 1, 0];
    const jitter = new TickJitter(1000, () => chances.shift()!);
    const time = new EvenCronTime('* * * * * *', 1000, jitter);
    let at = Date.UTC(2026, 1, 28);
    const firings = [1, 2, 3, 4].map(() => {
      vi.setSystemTime(at);
      return (at += time.getTimeout()) % 10_000;
    });
    expect(firings).toEqual([400, 1450, 2500, 3400]);
  });

  it('tells of each timer', () => {
    const time = new EvenCronTime('* * * * * *', 1000, none);
    const told = vi.fn();
    time.onTimeout = told;
    const ms = time.getTimeout();
    expect(told.mock.lastCall).toEqual([ms]);
  });
});
