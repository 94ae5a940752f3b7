import fc from 'fast-check';
import { lastCheckSpread, minSuspicion, Suspicion } from './suspicion.js';

const TIMES = { min: 2000, max: 30_000, confirmations: 3, delay: 0 };

function suspect(times = TIMES) {
  return new Suspicion(7, 100, 'me', times);
}

/** After memberlist's suspicion tests. */
describe('Suspicion', () => {
  it('lasts as long as it may while nobody else shares it', () => {
    expect(suspect().deadline).toBe(100 + TIMES.max);
  });

  it.each([
    [0, 30_000],
    [1, 30_000 - 28_000 * (Math.log(2) / Math.log(4))],
    [2, 30_000 - 28_000 * (Math.log(3) / Math.log(4))],
    [3, 2000],
    [4, 2000],
    [20, 2000],
  ])('with %i confirmations it lasts %f ms', (confirmations, ms) => {
    const suspicion = suspect();
    for (let index = 0; index < confirmations; index++) {
      suspicion.confirm(`accuser-${index}`);
    }
    expect(suspicion.deadline - suspicion.since).toBeCloseTo(ms, 5);
    expect(suspicion.confirmations).toBe(Math.min(confirmations, 3));
  });

  it('counts each accuser once, the first one included', () => {
    const suspicion = suspect();
    expect(suspicion.confirm('me')).toBe(false);
    expect(suspicion.confirm('a')).toBe(true);
    expect(suspicion.confirm('a')).toBe(false);
    expect(suspicion.confirm('b')).toBe(true);
    expect(suspicion.confirm('c')).toBe(true);
    expect(suspicion.confirm('one too many')).toBe(false);
    expect(suspicion.confirmations).toBe(3);
  });

  it('waits the shortest time where nobody could confirm', () => {
    const suspicion = suspect({ ...TIMES, confirmations: 0 });
    expect(suspicion.confirm('a')).toBe(false);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('is shortened by other evidence, never lengthened', () => {
    const suspicion = suspect();
    suspicion.shorten(suspicion.shortest);
    suspicion.shorten(10_000);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('waits for the own delay too, but no longer than it may last', () => {
    const suspicion = suspect({ ...TIMES, delay: 5000 });
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.max);
    for (const accuser of ['a', 'b', 'c']) {
      suspicion.confirm(accuser);
    }
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min + 5000);
    suspicion.shorten(suspicion.shortest);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('is extended by the length of a stall, after all else', () => {
    const suspicion = suspect();
    for (const accuser of ['a', 'b', 'c']) {
      suspicion.confirm(accuser);
    }
    suspicion.extend(5000);
    suspicion.extend(1000);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min + 6000);
  });

  it('believes one teller no more than one other accuser', () => {
    const times = { min: 1000, max: 10_000, confirmations: 5, delay: 0 };
    const suspicion = new Suspicion(7, 0, 'me', times);
    expect(suspicion.confirm('a', 'liar')).toBe(true);
    expect(suspicion.confirm('b', 'liar')).toBe(false);
    expect(suspicion.confirm('liar')).toBe(true);
    expect(suspicion.confirm('b', 'other')).toBe(true);
    expect(suspicion.confirm('c')).toBe(true);
    const begunByHearsay = new Suspicion(7, 0, 'a', times, 'liar');
    expect(begunByHearsay.confirm('b', 'liar')).toBe(false);
    expect(begunByHearsay.confirm('liar')).toBe(true);
  });

  it('stays within its bounds and only shrinks, whoever confirms', () => {
    const times = fc.record({
      min: fc.integer({ min: 1, max: 10_000 }),
      max: fc.integer({ min: 1, max: 100_000 }),
      confirmations: fc.nat(5),
      delay: fc.nat(20_000),
    });
    fc.assert(
      fc.property(times, fc.array(fc.string()), (bounds, accusers) => {
        const suspicion = new Suspicion(1, 0, 'me', bounds);
        let last = suspicion.deadline;
        for (const accuser of accusers) {
          suspicion.confirm(accuser);
          expect(suspicion.deadline).toBeLessThanOrEqual(last);
          last = suspicion.deadline;
        }
        expect(last).toBeGreaterThanOrEqual(bounds.min);
        expect(last).toBeLessThanOrEqual(Math.max(bounds.min, bounds.max));
      }),
    );
  });
});

describe('minSuspicion', () => {
  it.each([
    [1, 4000],
    [5, 4000],
    [10, 4000],
    [100, 8000],
    [1000, 12_000],
  ])('in a cloud of %i it is %i ms', (size, ms) => {
    const options = { suspicionMultiplier: 4, probeInterval: 1000 };
    expect(minSuspicion(size, options)).toBeCloseTo(ms, 5);
  });
});

describe('lastCheckSpread', () => {
  it.each([
    [2, 0],
    [10, 0],
    [100, 4000],
    [1000, 8000],
  ])('in a cloud of %i it is %i ms', (size, ms) => {
    const options = { suspicionMultiplier: 4, probeInterval: 1000 };
    expect(lastCheckSpread(size, options)).toBeCloseTo(ms, 5);
  });
});
