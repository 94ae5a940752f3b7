import fc from 'fast-check';
import { NonceSource } from './message-signer.js';
import { ReplayGuard, ReplayWindow } from './replay-guard.js';

const SIZE = 64;

it('agrees with a window that remembers everything', () => {
  const counters = fc.array(
    fc.oneof(fc.nat(40), fc.nat(400), fc.nat({ max: 2 ** 48 })),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(counters, (sequence) => {
      const window = new ReplayWindow(SIZE);
      const seen = new Set<number>();
      let highest = -1;
      for (const counter of sequence) {
        const fresh = !seen.has(counter) && highest - counter < SIZE;
        expect(window.accept(counter)).toBe(fresh);
        if (fresh) {
          seen.add(counter);
        }
        highest = Math.max(highest, counter);
      }
    }),
  );
});

describe('ReplayGuard', () => {
  const nonce = (counter: number, boot = 100) => ({ boot, counter });

  it('takes each nonce once, in any order', () => {
    const guard = new ReplayGuard(10);
    for (const counter of [3, 1, 2, 0, 900, 5]) {
      expect(guard.accept('a', nonce(counter), 50, 0)).toBe(true);
      expect(guard.accept('a', nonce(counter), 50, 0)).toBe(false);
    }
    expect(guard.accept('b', nonce(3), 50, 0)).toBe(true);
  });

  it('refuses what an older boot signed', () => {
    const guard = new ReplayGuard(10);
    expect(guard.accept('a', nonce(7, 100), 50, 0)).toBe(true);
    expect(guard.accept('a', nonce(0, 101), 50, 0)).toBe(true);
    expect(guard.accept('a', nonce(8, 100), 50, 0)).toBe(false);
    expect(guard.accept('a', nonce(7, 101), 50, 0)).toBe(true);
  });

  it('takes an older boot again once everything of the newer one has expired', () => {
    const guard = new ReplayGuard(10);
    guard.accept('a', nonce(0, 200), 50, 0);
    expect(guard.accept('a', nonce(0, 100), 90, 50)).toBe(false);
    expect(guard.accept('a', nonce(0, 100), 90, 51)).toBe(true);
  });

  it('does not forget a boot by time alone', () => {
    const guard = new ReplayGuard(10);
    guard.accept('a', nonce(5), 50, 0);
    expect(guard.accept('a', nonce(5), 5000, 4000)).toBe(false);
  });

  it('refuses new senders when full, and never pushes a window out', () => {
    const guard = new ReplayGuard(2);
    expect(guard.accept('a', nonce(0), 5000, 0)).toBe(true);
    expect(guard.accept('b', nonce(0), 9000, 0)).toBe(true);
    expect(guard.accept('c', nonce(0), 9000, 2000)).toBe(false);
    expect(guard.accept('a', nonce(0), 5000, 2000)).toBe(false);
    expect(guard.accept('a', nonce(1), 5000, 2000)).toBe(true);
    expect(guard.accept('c', nonce(0), 9000, 5001)).toBe(true);
  });
});

describe('NonceSource', () => {
  it('counts for each receiver', () => {
    const source = new NonceSource(10, () => 1000);
    expect(source.next('a')).toEqual({ boot: 1000, counter: 0 });
    expect(source.next('b')).toEqual({ boot: 1001, counter: 0 });
    expect(source.next('a')).toEqual({ boot: 1000, counter: 1 });
  });

  it('starts a later boot for a receiver that it forgot', () => {
    const source = new NonceSource(2, () => 1000);
    source.next('a');
    source.next('b');
    source.next('a');
    source.next('c');
    expect(source.next('a')).toEqual({ boot: 1000, counter: 2 });
    expect(source.next('b')).toEqual({ boot: 1003, counter: 0 });
  });
});
