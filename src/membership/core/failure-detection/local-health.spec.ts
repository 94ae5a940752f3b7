import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { LocalHealth, RoundTrips } from './local-health.js';

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
