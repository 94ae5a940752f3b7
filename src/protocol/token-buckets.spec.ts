import { TokenBuckets } from './token-buckets.js';

describe('TokenBuckets', () => {
  let now: number;
  let buckets: TokenBuckets;

  beforeEach(() => {
    now = 0;
    buckets = new TokenBuckets(60, () => now);
  });

  it('gives a minute’s worth at once, then says how long to wait', () => {
    for (let count = 0; count < 60; count++) {
      expect(buckets.take('a')).toBe(0);
    }
    expect(buckets.take('a')).toBe(1);
  });

  it('refills with time, up to a minute’s worth', () => {
    for (let count = 0; count < 60; count++) {
      buckets.take('a');
    }
    now = 1500;
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1]);
    now = 10 * 60_000;
    for (let count = 0; count < 60; count++) {
      expect(buckets.take('a')).toBe(0);
    }
    expect(buckets.take('a')).toBe(1);
  });

  it('counts each key by itself', () => {
    for (let count = 0; count < 60; count++) {
      buckets.take('a');
    }
    expect(buckets.take('b')).toBe(0);
  });

  it('says whole seconds for slow rates', () => {
    const slow = new TokenBuckets(2, () => now);
    slow.take('a');
    slow.take('a');
    expect(slow.take('a')).toBe(30);
  });
});
