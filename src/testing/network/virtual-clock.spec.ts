import { VirtualClock } from './virtual-clock.js';

describe('VirtualClock', () => {
  it('lets hours pass at once and fires timers at their time', async () => {
    const clock = new VirtualClock(1_000_000);
    const seen: number[] = [];
    clock.setTimeout(() => seen.push(clock.now()), 3_600_000);
    clock.setTimeout(() => seen.push(clock.now()), 10);
    await clock.run(3_600_000);
    expect(seen).toEqual([1_000_010, 4_600_000]);
    expect(clock.monotonic()).toBe(3_600_000);
  });

  it('settles all promises between two events', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const chain = async (name: string) => {
      for (let step = 0; step < 20; step++) {
        await Promise.resolve();
      }
      seen.push(`${name} at ${clock.monotonic()}`);
    };
    clock.setTimeout(() => void chain('first'), 1);
    clock.setTimeout(() => void chain('second'), 2);
    await clock.run(5);
    expect(seen).toEqual(['first at 1', 'second at 2']);
  });

  it('does not fire what was cleared', async () => {
    const clock = new VirtualClock();
    const fired = vi.fn();
    clock.clearTimeout(clock.setTimeout(fired, 5));
    clock.clearTimeout(undefined);
    await clock.run(10);
    expect(fired).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('runs until a condition holds, or says that it never did', async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.setTimeout(() => (done = true), 420);
    expect(await clock.runUntil(() => done, { timeout: 1000 })).toBe(true);
    expect(clock.monotonic()).toBe(450);
    expect(await clock.runUntil(() => false, { timeout: 120 })).toBe(false);
    expect(clock.monotonic()).toBe(570);
  });

  it('runs until a promise settles, or says that it never did', async () => {
    const clock = new VirtualClock();
    const later = new Promise((resolve) =>
      clock.setTimeout(() => resolve('done'), 200),
    );
    expect(await clock.complete(later)).toBe('done');
    await expect(
      clock.complete(new Promise(() => undefined), 100),
    ).rejects.toThrow('not done within 100 ms');
  });

  it('passes on what a callback throws', async () => {
    const clock = new VirtualClock();
    clock.setTimeout(() => {
      throw new Error('broken');
    }, 1);
    await expect(clock.run(2)).rejects.toThrow('broken');
  });
});
