import { TransitClock } from './transit-clock.js';

describe('TransitClock', () => {
  it('takes the fastest for not delayed, whatever the clocks say', () => {
    const clock = new TransitClock();
    expect(clock.delayOf(1000, 5_000_010)).toBe(0);
    expect(clock.delayOf(1100, 5_000_160)).toBe(50);
    expect(clock.delayOf(1200, 5_000_205)).toBe(0);
    expect(clock.delayOf(1200, 5_000_215)).toBe(10);
  });
});
