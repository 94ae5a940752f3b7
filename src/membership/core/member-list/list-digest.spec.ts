import {
  bucketOf,
  DIGEST_BUCKETS,
  ListDigest,
  MIN_DIGEST_BUCKETS,
} from './list-digest.js';
import { recordDigest } from './member-record.js';

function digestOf(entries: Record<string, number>): ListDigest {
  const digest = new ListDigest();
  for (const [id, incarnation] of Object.entries(entries)) {
    digest.add(id, recordDigest(id, incarnation));
  }
  return digest;
}

describe('ListDigest', () => {
  it('is the same for the same list in any order', () => {
    expect(digestOf({ a: 1, b: 2, c: 3 }).text).toBe(
      digestOf({ c: 3, a: 1, b: 2 }).text,
    );
  });

  it.each([
    ['a member more', { a: 1, b: 2, c: 3, d: 4 }],
    ['a member less', { a: 1, b: 2 }],
    ['another incarnation', { a: 1, b: 2, c: 4 }],
    ['a high incarnation', { a: 1, b: 2, c: 3 + 2 ** 32 }],
    ['incarnations exchanged', { a: 2, b: 1, c: 3 }],
    ['another id', { a: 1, b: 2, x: 3 }],
  ])('differs for %s', (_, entries) => {
    expect(digestOf(entries).text).not.toBe(
      digestOf({ a: 1, b: 2, c: 3 }).text,
    );
  });

  it('is as it was when a record that was added is taken out', () => {
    const digest = digestOf({ a: 1, b: 2 });
    const before = digest.text;
    digest.add('c', recordDigest('c', 3));
    digest.remove('c', recordDigest('c', 3));
    expect(digest.text).toBe(before);
  });

  it.each([MIN_DIGEST_BUCKETS, 64, DIGEST_BUCKETS])(
    'says in which of %i buckets lists differ',
    (count) => {
      const entries = Object.fromEntries(
        Array.from({ length: 200 }, (_, n) => [`peer-${n}`, n]),
      );
      const ours = digestOf(entries).buckets(count);
      const theirs = digestOf({ ...entries, 'peer-77': 1000 }).buckets(count);
      const differing = ours.flatMap((hash, index) =>
        hash === theirs[index] ? [] : [index],
      );
      expect(differing).toEqual([bucketOf('peer-77', count)]);
    },
  );

  it('takes more buckets for longer lists', () => {
    const countFor = (size: number) =>
      digestOf(
        Object.fromEntries(Array.from({ length: size }, (_, n) => [`${n}`, n])),
      ).suitableCount;
    expect(countFor(3)).toBe(MIN_DIGEST_BUCKETS);
    expect(countFor(1000)).toBe(256);
    expect(countFor(10_000)).toBe(DIGEST_BUCKETS);
  });
});
