import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { TypedEmitter } from '../../../util/typed-emitter.js';
import type { CoreContext } from '../context.js';
import type { CoreEventMap } from '../core-events.js';
import { LocalHealth, RoundTrips, StallWatch } from './local-health.js';

function makeHealth(max = 8) {
  const clock = new VirtualClock();
  const loop = { delay: 0 };
  const health = new LocalHealth(max, () => loop.delay, clock);
  return { clock, loop, health };
}

/** After memberlist's awareness tests. */
describe('LocalHealth', () => {
  it.each([
    [0, 0, 1000],
    [-1, 0, 1000],
    [-10, 0, 1000],
    [1, 1, 2000],
    [8, 8, 9000],
    [9, 8, 9000],
    [100, 8, 9000],
  ])('after a change of %i its score is %i', (change, score, timeout) => {
    const { health } = makeHealth();
    health.note(change);
    expect(health.score).toBe(score);
    expect(health.stretch(1000)).toBe(timeout);
  });

  it('gets better and worse step by step', () => {
    const { health } = makeHealth();
    for (const change of [1, 1, 1, -1]) {
      health.note(change);
    }
    expect(health.score).toBe(2);
    for (let steps = 0; steps < 5; steps++) {
      health.note(-1);
    }
    expect(health.score).toBe(0);
  });

  it('never doubts itself where it is told not to', () => {
    const { health } = makeHealth(0);
    health.note(5);
    expect(health.stretch(250)).toBe(250);
  });

  it('waits longer while its own process is slow, three times as long at most', () => {
    const { health, loop } = makeHealth();
    expect(health.slack(250)).toBe(0);
    loop.delay = 100;
    expect(health.slack(250)).toBe(100);
    loop.delay = 60_000;
    expect(health.slack(250)).toBe(750);
  });

  it('forgets a delay little by little', async () => {
    const { clock, health, loop } = makeHealth();
    loop.delay = 400;
    health.slack(1000);
    loop.delay = 0;
    await clock.run(2000);
    expect(health.slack(1000)).toBeCloseTo(200, 5);
    await clock.run(2000);
    expect(health.slack(1000)).toBeCloseTo(100, 5);
    await clock.run(60_000);
    expect(health.slack(1000)).toBeLessThan(1);
  });
});

describe('RoundTrips', () => {
  it('takes the first answer for the mean, and half of it for what varies', () => {
    const trips = new RoundTrips(1, 10_000);
    trips.sample(100);
    expect(trips.timeout).toBe(300);
  });

  it('learns from later answers by their weights, quicker ones and slower ones', () => {
    const slower = new RoundTrips(1, 10_000);
    slower.sample(100);
    slower.sample(180);
    expect(slower.timeout).toBeCloseTo(110 + 4 * 57.5);
    const quicker = new RoundTrips(1, 10_000);
    quicker.sample(100);
    quicker.sample(20);
    expect(quicker.timeout).toBeCloseTo(90 + 4 * 57.5);
  });

  it('waits the floor while answers are quick', () => {
    const trips = new RoundTrips(250, 2000);
    expect(trips.timeout).toBe(250);
    for (let n = 0; n < 50; n++) {
      trips.sample(5);
    }
    expect(trips.timeout).toBe(250);
  });

  it('waits longer on a slow network, with room for what varies', () => {
    const trips = new RoundTrips(250, 2000);
    for (let n = 0; n < 100; n++) {
      trips.sample(n % 2 === 0 ? 300 : 500);
    }
    expect(trips.timeout).toBeGreaterThan(500);
    expect(trips.timeout).toBeLessThan(1200);
  });

  it('never waits longer than the ceiling', () => {
    const trips = new RoundTrips(250, 2000);
    trips.sample(10_000);
    expect(trips.timeout).toBe(2000);
  });

  it('waits longer after waits that were too short, until an answer comes', () => {
    const trips = new RoundTrips(100, 10_000);
    trips.tooShort();
    expect(trips.timeout).toBeCloseTo(150);
    for (let n = 0; n < 20; n++) {
      trips.tooShort();
    }
    expect(trips.timeout).toBeCloseTo(800);
    trips.sample(10);
    expect(trips.timeout).toBe(100);
  });
});

describe('StallWatch', () => {
  const INTERVAL = 500;

  function makeWatch() {
    const clock = new VirtualClock();
    const events = new TypedEmitter<CoreEventMap>();
    const stalls: number[] = [];
    events.on('process.stalled', (ms) => stalls.push(ms));
    const watch = new StallWatch({
      env: { clock },
      options: { probeInterval: INTERVAL },
      events,
    } as unknown as CoreContext);
    return { clock, watch, stalls };
  }

  it('sees no stall before the first tick, however late that comes', async () => {
    const { clock, watch, stalls } = makeWatch();
    await clock.run(60_000);
    watch.tickBegins();
    expect(stalls).toEqual([]);
  });

  it.each([
    [2500, []],
    [2501, [2001]],
    [10_000, [9500]],
  ])(
    'takes a pause of %i ms for stalls of %o: three periods and a second are usual',
    async (pause, expected) => {
      const { clock, watch, stalls } = makeWatch();
      watch.tickBegins();
      watch.tickEnded();
      await clock.run(pause);
      watch.tickBegins();
      expect(stalls).toEqual(expected);
    },
  );

  it('does not count what a tick takes itself', async () => {
    const { clock, watch, stalls } = makeWatch();
    watch.tickBegins();
    await clock.run(30_000);
    watch.tickEnded();
    watch.tickBegins();
    expect(stalls).toEqual([]);
  });

  it('counts from a tick that never ended, too', async () => {
    const { clock, watch, stalls } = makeWatch();
    watch.tickBegins();
    await clock.run(2000);
    watch.tickBegins();
    await clock.run(2000);
    watch.tickBegins();
    expect(stalls).toEqual([]);
  });

  it('reports of a stall that is reported several times only what is more', async () => {
    const { clock, watch, stalls } = makeWatch();
    watch.late(600);
    watch.late(600);
    watch.late(400);
    await clock.run(1000);
    watch.late(900);
    expect(stalls).toEqual([600, 300]);
  });

  it('takes a report that comes more than a second later for another stall', async () => {
    const { clock, watch, stalls } = makeWatch();
    watch.late(600);
    await clock.run(1001);
    watch.late(400);
    expect(stalls).toEqual([600, 400]);
  });
});
