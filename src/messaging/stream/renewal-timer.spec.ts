import { RenewalTimer } from './renewal-timer.js';

describe('RenewalTimer', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function timerOf(maxLifetime: number) {
    const start = performance.now();
    const calls: [string, number][] = [];
    const note = (name: string) =>
      calls.push([name, Math.round(performance.now() - start)]);
    const timer = new RenewalTimer(maxLifetime, {
      onDue: () => note('due'),
      onOverdue: () => note('overdue'),
    });
    return { timer, calls, openedAt: start };
  }

  it('is due before the receiver cuts the stream, again, and at last overdue', () => {
    const { timer, calls, openedAt } = timerOf(1_800_000);
    timer.watch({ openedAt, lifetime: 2000 });
    vi.advanceTimersByTime(10_000);
    expect(calls).toEqual([
      ['due', 1600],
      ['due', 1700],
      ['due', 1800],
      ['overdue', 1900],
    ]);
  });

  it('counts from when the stream was asked for', () => {
    const { timer, calls, openedAt } = timerOf(1_800_000);
    vi.advanceTimersByTime(1000);
    timer.watch({ openedAt, lifetime: 2000 });
    vi.advanceTimersByTime(600);
    expect(calls).toEqual([['due', 1600]]);
  });

  it('is due at the own limit where the receiver has none, and never overdue', () => {
    const { timer, calls, openedAt } = timerOf(5000);
    timer.watch({ openedAt, lifetime: undefined });
    vi.advanceTimersByTime(7500);
    expect(calls).toEqual([
      ['due', 5000],
      ['due', 6000],
      ['due', 7000],
    ]);
  });

  it('forgets the stream before, and stops', () => {
    const { timer, calls, openedAt } = timerOf(5000);
    timer.watch({ openedAt, lifetime: 2000 });
    timer.watch({ openedAt: openedAt + 1000, lifetime: 2000 });
    vi.advanceTimersByTime(2599);
    expect(calls).toEqual([]);
    timer.stop();
    vi.advanceTimersByTime(60_000);
    expect(calls).toEqual([]);
  });

  it('does not believe a lifetime of nothing', () => {
    const { timer, calls, openedAt } = timerOf(5000);
    timer.watch({ openedAt, lifetime: 0.001 });
    vi.advanceTimersByTime(79);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual([['due', 80]]);
  });
});
