import { RoundTrips } from './round-trips.js';

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
