import fc from 'fast-check';
import type { MemberState } from '../membership.types.js';
import { overrides, type Version } from './merge-rule.js';

const STATES: MemberState[] = ['alive', 'suspect', 'dead', 'left'];

const versions = fc.record({
  incarnation: fc.nat(3),
  state: fc.constantFrom(...STATES),
});

const merge = (known: Version, news: Version) =>
  overrides(news, known) ? news : known;

/** After memberlist's state tests and ringpop's table of overrides. */
describe('overrides', () => {
  /** News by row, what is known by column, both at the same incarnation. */
  const AT_EQUAL_INCARNATION: Record<
    MemberState,
    Record<MemberState, boolean>
  > = {
    alive: { alive: false, suspect: false, dead: false, left: false },
    suspect: { alive: true, suspect: false, dead: false, left: false },
    dead: { alive: true, suspect: true, dead: false, left: false },
    left: { alive: true, suspect: true, dead: true, left: false },
  };

  const pairs = STATES.flatMap((news) =>
    STATES.map((known) => [news, known] as const),
  );

  it.each(pairs)('%s against %s', (news, known) => {
    const at = (incarnation: number, state: MemberState) => ({
      incarnation,
      state,
    });
    expect(overrides(at(2, news), at(1, known))).toBe(true);
    expect(overrides(at(1, news), at(2, known))).toBe(false);
    expect(overrides(at(1, news), at(1, known))).toBe(
      AT_EQUAL_INCARNATION[news][known],
    );
  });

  it('gives the same result in either order', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(merge(a, b)).toEqual(merge(b, a));
      }),
    );
  });

  it('gives the same result however often news comes', () => {
    fc.assert(
      fc.property(versions, versions, (known, news) => {
        const once = merge(known, news);
        expect(merge(once, news)).toEqual(once);
        expect(overrides(known, known)).toBe(false);
      }),
    );
  });

  it('gives the same result for any order of any news', () => {
    const someNews = fc.array(versions, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(someNews, fc.infiniteStream(fc.nat()), (news, chance) => {
        const shuffled = news
          .map((item) => ({ item, key: chance.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ item }) => item);
        expect(shuffled.reduce(merge)).toEqual(news.reduce(merge));
      }),
    );
  });

  it('never lets older news undo newer', () => {
    fc.assert(
      fc.property(versions, fc.array(versions), (start, news) => {
        let known: Version = start;
        for (const item of news) {
          const next = merge(known, item);
          expect(next.incarnation).toBeGreaterThanOrEqual(known.incarnation);
          if (next !== known) {
            expect(overrides(known, next)).toBe(false);
          }
          known = next;
        }
      }),
    );
  });
});
