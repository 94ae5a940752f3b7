import fc from 'fast-check';
import { KeyRing, type KeyHolder } from './key-ring.js';

function holder(id: string, weight = 1): KeyHolder<string> {
  return { id, weight, value: id };
}

const keys = Array.from({ length: 2000 }, (_, n) => `key:${n}`);

/** The owner of each key. */
const ownersBy = (holders: KeyHolder<string>[]) => {
  const ring = new KeyRing(holders);
  return keys.map((key) => ring.owner(key));
};

const holders = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 40 }),
    weight: fc.constantFrom(1, 1, 1, 0.25, 2, 10),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 40 },
);

const listed = holders.map((each) =>
  each.map(({ id, weight }) => holder(id, weight)),
);

describe('KeyRing', () => {
  it('gives the same owners whatever the order of the holders', () => {
    fc.assert(
      fc.property(listed, fc.nat(), (list, seed) => {
        const shuffled = list.toSorted(
          (a, b) =>
            ((a.id.length * 31 + seed) % 7) - ((b.id.length * 31 + seed) % 7),
        );
        expect(ownersBy(shuffled)).toEqual(ownersBy(list));
      }),
      { numRuns: 30 },
    );
  });

  it('moves to a newcomer what is its own, and nothing else', () => {
    fc.assert(
      fc.property(listed, fc.constantFrom(0.5, 1, 3), (list, weight) => {
        const newcomer = holder('a newcomer that has not been there', weight);
        const before = ownersBy(list);
        ownersBy([...list, newcomer]).forEach((owner, at) => {
          if (owner !== before[at]) {
            expect(owner).toBe(newcomer.id);
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('moves of one that goes what it had, to the next in rank', () => {
    fc.assert(
      fc.property(listed, fc.nat(), (list, nth) => {
        const gone = list[nth % list.length]!;
        const rest = list.filter((each) => each !== gone);
        const [before, after] = [new KeyRing(list), new KeyRing(rest)];
        for (const key of keys) {
          const [first, second] = before.owners(key, 2);
          expect(first).toBe(before.owner(key));
          expect(after.owner(key)).toBe(first === gone.id ? second : first);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('ranks everybody, each once', () => {
    fc.assert(
      fc.property(listed, fc.string(), (list, key) => {
        const ring = new KeyRing(list);
        const all = ring.owners(key, Infinity);
        expect([...all].sort()).toEqual(list.map(({ id }) => id).sort());
        for (const count of [1, 2, 5]) {
          expect(ring.owners(key, count)).toEqual(all.slice(0, count));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has no owner without holders, and nobody for no count', () => {
    expect(new KeyRing([]).owner('k')).toBeUndefined();
    expect(new KeyRing([]).owners('k', 3)).toEqual([]);
    for (const count of [0, -1, NaN]) {
      expect(new KeyRing([holder('a')]).owners('k', count)).toEqual([]);
    }
  });

  it.each([
    [100, 1],
    [101, 1],
    [20, 2],
  ])('gives %i holders their shares', (count, weights) => {
    const list = Array.from({ length: count }, (_, n) =>
      holder(`peer-${n}`, 1 + (n % weights)),
    );
    const ring = new KeyRing(list);
    const owned = new Map<string, number>();
    const total = count * 1000;
    for (let n = 0; n < total; n++) {
      const owner = ring.owner(`user:${n}`)!;
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    const sum = list.reduce((weight, each) => weight + each.weight, 0);
    const chi2 = list.reduce((deviation, { id, weight }) => {
      const expected = (total * weight) / sum;
      return deviation + (owned.get(id)! - expected) ** 2 / expected;
    }, 0);
    // The mean is 1 for each degree of freedom; 1.7 would be by chance once in 100,000.
    expect(chi2 / (count - 1)).toBeLessThan(count > 50 ? 1.7 : 2.8);
  });

  /** Others that implement it have to get the same (PROTOCOL.md, section 4, `keys`). */
  it('is the function of the protocol', () => {
    const list = [
      holder('alpha'),
      holder('beta'),
      holder('gamma', 2),
      holder('delta', 0.5),
    ];
    const ring = new KeyRing(list);
    expect(
      ['user:1', 'user:2', 'room:é', '', 'a', 'b', 'c', 'd'].map((key) =>
        ring.owners(key, 4).join(' '),
      ),
    ).toMatchInlineSnapshot(`
      [
        "delta gamma beta alpha",
        "gamma alpha beta delta",
        "delta beta gamma alpha",
        "delta alpha gamma beta",
        "beta gamma alpha delta",
        "alpha gamma beta delta",
        "gamma alpha beta delta",
        "delta alpha gamma beta",
      ]
    `);
  });
});
