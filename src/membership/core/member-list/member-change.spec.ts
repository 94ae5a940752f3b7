import fc from 'fast-check';
import type { MemberState } from '../membership.types.js';
import { overrides, type Version } from './member-change.js';

const STATES: MemberState[] = ['alive', 'suspect', 'dead', 'left'];

const versions = fc.record({
  incarnation: fc.nat(3),
  state: fc.constantFrom(...STATES),
});

const merge = (known: Version, update: Version) =>
  overrides(update, known) ? update : known;

/** After memberlist's state tests and ringpop's table of overrides. */
describe('overrides', () => {
  /** Updates by row, what is known by column, both at the same incarnation. */
  const AT_EQUAL_INCARNATION: Record<
    MemberState,
    Record<MemberState, boolean>
  > = {
    alive: { alive: false, suspect: false, dead: false, left: false },
    suspect: { alive: true, suspect: false, dead: false, left: false },
    dead: { alive: true, suspect: true, dead: false, left: false },
    left: { alive: true, suspect: true, dead: true, left: false },
  };

  const pairs = STATES.flatMap((update) =>
    STATES.map((known) => [update, known] as const),
  );

  it.each(pairs)('%s against %s', (update, known) => {
    const at = (incarnation: number, state: MemberState) => ({
      incarnation,
      state,
    });
    expect(overrides(at(2, update), at(1, known))).toBe(true);
    expect(overrides(at(1, update), at(2, known))).toBe(false);
    expect(overrides(at(1, update), at(1, known))).toBe(
      AT_EQUAL_INCARNATION[update][known],
    );
  });

  it('gives the same result in either order', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(merge(a, b)).toEqual(merge(b, a));
      }),
    );
  });

  it('gives the same result however often an update comes', () => {
    fc.assert(
      fc.property(versions, versions, (known, update) => {
        const once = merge(known, update);
        expect(merge(once, update)).toEqual(once);
        expect(overrides(known, known)).toBe(false);
      }),
    );
  });

  it('gives the same result for any order of any updates', () => {
    const someUpdates = fc.array(versions, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        someUpdates,
        fc.infiniteStream(fc.nat()),
        (updates, chance) => {
          const shuffled = updates
            .map((item) => ({ item, key: chance.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
          expect(shuffled.reduce(merge)).toEqual(updates.reduce(merge));
        },
      ),
    );
  });

  it('never lets older updates undo newer', () => {
    fc.assert(
      fc.property(versions, fc.array(versions), (start, updates) => {
        let known: Version = start;
        for (const item of updates) {
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
