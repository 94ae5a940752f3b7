import { TransitClock } from './timing.js';

describe('TransitClock', () => {
  it('takes the fastest for not delayed, whatever the clocks say', () => {
    const clock = new TransitClock();
    expect(clock.delayOf(1000, 5_000_010)).toBe(0);
    expect(clock.delayOf(1100, 5_000_160)).toBe(50);
    expect(clock.delayOf(1200, 5_000_205)).toBe(0);
    expect(clock.delayOf(1200, 5_000_215)).toBe(10);
  });

  it('takes what is held up for late', () => {
    const clock = new TransitClock();
    clock.delayOf(0, 0);
    for (let sent = 1000; sent < 18_000; sent += 1000) {
      expect(clock.delayOf(sent, sent + 500)).toBe(500);
    }
  });

  it('forgets what was fast before the other clock stood still', () => {
    const clock = new TransitClock();
    for (let at = 0; at < 8000; at += 1000) {
      clock.delayOf(at, at);
    }
    expect(clock.delayOf(8000, 14_000)).toBe(6000);
    expect(clock.delayOf(19_000, 25_000)).toBe(0);
    expect(clock.delayOf(19_100, 25_110)).toBe(10);
    // A stop that is longer than the memory.
    expect(clock.delayOf(20_000, 85_000)).toBe(0);
  });
});
