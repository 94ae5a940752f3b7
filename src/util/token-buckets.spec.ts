import { TokenBuckets } from './token-buckets.js';

describe('TokenBuckets', () => {
  let now: number;
  let buckets: TokenBuckets;

  beforeEach(() => {
    now = 0;
    buckets = new TokenBuckets(60, { now: () => now });
  });

  const takeAll = (key: string) => {
    let taken = 0;
    while (buckets.take(key)) {
      taken++;
    }
    return taken;
  };

  it('gives a minute’s worth at once, then says how long to wait', () => {
    expect(takeAll('a')).toBe(60);
    expect(buckets.retryAfter('a')).toBe(1);
  });

  it('refills with time, up to a minute’s worth', () => {
    takeAll('a');
    now = 1500;
    expect(takeAll('a')).toBe(1);
    now = 30_000;
    expect(takeAll('a')).toBe(29);
    now = 10 * 60_000;
    expect(takeAll('a')).toBe(60);
  });

  it('counts each key by itself', () => {
    takeAll('a');
    expect(takeAll('b')).toBe(60);
  });

  it('says whole seconds for slow rates', () => {
    buckets = new TokenBuckets(2, { now: () => now });
    expect(takeAll('a')).toBe(2);
    expect(buckets.retryAfter('a')).toBe(30);
    now = 29_900;
    expect(buckets.retryAfter('a')).toBe(1);
  });

  it('remembers a bounded number of keys, those heard of last', () => {
    buckets = new TokenBuckets(1, { now: () => now, maxKeys: 3 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) {
      buckets.take(key);
    }
    // Who is refused is heard of, too: to ask again and again brings no new bucket.
    expect(['a', 'c', 'd'].map((key) => buckets.take(key))).toEqual([
      false,
      false,
      false,
    ]);
    expect(buckets.take('b')).toBe(true);
  });
});
