import { HitCounters, type Hit } from './hit-counters.js';

const hit: Hit = { key: 'k', ttl: 10_000, limit: 2, block: 30_000 };

/** At which of these times a request passes. */
function passes(
  counters: HitCounters,
  times: number[],
  each: Hit = hit,
): boolean[] {
  return times.map((time) => !counters.count(each, time).isBlocked);
}

it('lets as many pass in a window as the limit says', () => {
  const short = { ...hit, block: 0 };
  expect(
    passes(new HitCounters(9), [0, 1, 2, 9_999, 10_000, 10_001, 10_002], short),
  ).toEqual([true, true, false, false, true, true, false]);
});

it('refuses for the time of the block, and begins anew after it', () => {
  expect(
    passes(
      new HitCounters(9),
      [0, 1, 2, 10_001, 30_001, 30_002, 30_003, 30_004],
    ),
  ).toEqual([true, true, false, false, false, true, true, false]);
});

it('says it in the words of @nestjs/throttler', () => {
  const counters = new HitCounters(9);
  expect(counters.count(hit, 0)).toEqual({
    totalHits: 1,
    timeToExpire: 10,
    isBlocked: false,
    timeToBlockExpire: 0,
  });
  counters.count(hit, 1_500);
  expect(counters.count(hit, 1_500)).toEqual({
    totalHits: 3,
    timeToExpire: 9,
    isBlocked: true,
    timeToBlockExpire: 30,
  });
});

it('counts each key by itself, and so many at most', () => {
  const counters = new HitCounters(2);
  for (const key of ['a', 'a', 'b', 'c']) {
    counters.count({ ...hit, key }, 0);
  }
  expect(counters.size).toBe(2);
  expect(counters.count({ ...hit, key: 'c' }, 1).totalHits).toBe(2);
  expect(counters.count({ ...hit, key: 'a' }, 1).totalHits).toBe(1);
});
