import { TickJitter } from './health-check.schedule.js';

describe('TickJitter', () => {
  it('never reaches the next beat', () => {
    const jitter = new TickJitter(1000, () => 0.999);
    expect(jitter.next()).toBeLessThan(1000);
  });

  it('keeps the phase and wavers around it', () => {
    const chances = [0.5, 0, 0.5, 1];
    const jitter = new TickJitter(1000, () => chances.shift()!);
    expect([jitter.next(), jitter.next(), jitter.next()]).toEqual([
      400, 450, 500,
    ]);
  });
});
