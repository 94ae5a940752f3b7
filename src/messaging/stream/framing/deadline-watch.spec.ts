import { DeadlineWatch } from './timing.js';

describe('DeadlineWatch', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('asks at the earliest deadline, and then at the next one', () => {
    const asked: number[] = [];
    const answers = [300, Infinity];
    const watch = new DeadlineWatch((now) => {
      asked.push(Math.round(now));
      return answers.shift()!;
    });
    const start = performance.now();
    answers[0]! += start;
    watch.watch(start + 200);
    watch.watch(start + 100);
    watch.watch(start + 150);
    vi.advanceTimersByTime(1000);
    expect(asked.map((at) => at - Math.round(start))).toEqual([100, 300]);
    watch.watch(performance.now() + 50);
    watch.stop();
    vi.advanceTimersByTime(1000);
    expect(asked).toHaveLength(2);
  });
});
