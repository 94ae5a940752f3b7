import { CloudClock } from './cloud-clock.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Calls back after so many ms of a clock, and writes down when. */
function timers(clock: CloudClock, ...delays: number[]): number[] {
  const fired: number[] = [];
  for (const ms of delays) {
    clock.setTimeout(() => fired.push(Math.round(clock.monotonic())), ms);
  }
  return fired;
}

describe('the clock of a test cloud', () => {
  const clocks: CloudClock[] = [];
  const clockThat = (flows: boolean) => {
    const clock = new CloudClock(flows);
    clocks.push(clock);
    return clock;
  };

  afterEach(() => {
    clocks.splice(0).forEach((clock) => clock.stop());
    vi.useRealTimers();
  });

  it('runs ahead while somebody waits, in the order of what is due', async () => {
    const clock = clockThat(false);
    const fired = timers(clock, 5000, 1000, 90_000);
    await clock.advance(60_000);
    expect(fired).toEqual([1000, 5000]);
    expect(clock.monotonic()).toBe(60_000);
    await clock.advance(30_000);
    expect(fired).toEqual([1000, 5000, 90_000]);
  });

  it('stands still by itself, but for what is due at once', async () => {
    const clock = clockThat(false);
    const fired = timers(clock, 0, 1);
    await turn();
    await turn();
    await turn();
    expect(fired).toEqual([0]);
    expect(clock.monotonic()).toBe(0);
  });

  it('goes with the machine, whatever a test does to the timers', async () => {
    const clock = clockThat(true);
    vi.useFakeTimers();
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, 20);
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(20);
  });

  it('goes with the machine again after it has run ahead', async () => {
    const clock = clockThat(true);
    await clock.advance(100_000);
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, 20);
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(100_020);
    expect(clock.monotonic()).toBeLessThan(160_000);
  });

  it('goes with the machine for as long as a work takes', async () => {
    const clock = clockThat(false);
    const work = () =>
      new Promise<void>((resolve) => {
        clock.setTimeout(resolve, 20);
      });
    await clock.during(work);
    await clock.advance(0);
    const after = clock.monotonic();
    expect(after).toBeGreaterThanOrEqual(20);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.monotonic()).toBe(after);
  });

  it('waits until a condition holds, and says when it does not', async () => {
    const clock = clockThat(false);
    const fired = timers(clock, 30_000);
    expect(await clock.until(() => fired.length > 0, 60_000)).toBe(true);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(await clock.until(() => false, 1000)).toBe(false);
  });

  it('lets two of them wait at the same time', async () => {
    const clock = clockThat(false);
    const fired = timers(clock, 100, 250);
    await Promise.all([clock.advance(200), clock.advance(100)]);
    expect(fired).toEqual([100, 250]);
    expect(clock.monotonic()).toBe(300);
  });

  it('gives what takes real time some of it', async () => {
    const clock = clockThat(false);
    let isDone = false;
    setTimeout(() => (isDone = true), 20);
    expect(await clock.until(() => isDone, 60_000)).toBe(true);
  });

  it('lets nothing happen once it is stopped', async () => {
    const clock = clockThat(true);
    const fired = timers(clock, 0);
    clock.stop();
    await turn();
    await turn();
    expect(fired).toEqual([]);
    expect(await clock.until(() => false, 1000)).toBe(false);
  });
});
