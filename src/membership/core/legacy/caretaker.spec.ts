import { caretakerOf, caretakersOf, inherits } from './caretaker.js';
import type { CoreContext } from '../core-context.js';
import { makeRecord } from '../member-list/member-record.js';
import type { MemberState } from '../membership.types.js';

const LEGACY = Array.from({ length: 300 }, (_, index) => `legacy-${index}`);

function member(
  id: string,
  state: MemberState = 'alive',
  features = ['gossip'],
) {
  const info = { id, ip: '10.0.0.1', port: 1, data: {}, features };
  return makeRecord(info, state);
}

/** What one of `ids` sees of all of them. */
function viewOf(
  self: string,
  ids: readonly string[],
  extra: ReturnType<typeof member>[] = [],
): CoreContext {
  const others = ids.filter((id) => id !== self).map((id) => member(id));
  const records = [...others, ...extra];
  return {
    self: { id: self },
    list: { records: () => records },
  } as unknown as CoreContext;
}

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Rendezvous hashing, as ringpop and others use rings for the same. */
describe('caretakerOf', () => {
  it('is the same one for all who have the same list', () => {
    for (const legacy of LEGACY) {
      const chosen = IDS.map((self) => caretakerOf(viewOf(self, IDS), legacy));
      expect(new Set(chosen).size).toBe(1);
    }
  });

  it('gives everybody a share', () => {
    const work = new Map<string, number>();
    for (const legacy of LEGACY) {
      const id = caretakerOf(viewOf('a', IDS), legacy);
      work.set(id, (work.get(id) ?? 0) + 1);
    }
    expect([...work.keys()].sort()).toEqual(IDS);
    for (const count of work.values()) {
      expect(count).toBeGreaterThan(LEGACY.length / IDS.length / 2);
    }
  });

  it.each(IDS.slice(1))('moves only the work of %s when it goes', (gone) => {
    const rest = IDS.filter((id) => id !== gone);
    for (const legacy of LEGACY) {
      const before = caretakerOf(viewOf('a', IDS), legacy);
      const after = caretakerOf(viewOf('a', rest), legacy);
      if (before !== gone) {
        expect(after).toBe(before);
      } else {
        expect(rest).toContain(after);
      }
    }
  });

  it('is nobody who may be gone, and no legacy member', () => {
    const others = [member('b', 'suspect'), member('c', 'alive', [])];
    for (const legacy of LEGACY) {
      expect(caretakerOf(viewOf('a', [], others), legacy)).toBe('a');
    }
  });

  it('is never the one in question', () => {
    for (const legacy of LEGACY) {
      const best = caretakerOf(viewOf('a', IDS), legacy);
      const next = caretakerOf(viewOf('a', IDS), legacy, best);
      expect(next).not.toBe(best);
      expect(
        caretakersOf(viewOf('', IDS), legacy, 2).map(({ id }) => id),
      ).toEqual([best, next]);
    }
    expect(caretakerOf(viewOf('a', []), 'legacy', 'a')).toBe('');
  });
});

describe('inherits', () => {
  it('is true for exactly one of those who are left: the caretaker now', () => {
    for (const legacy of LEGACY) {
      const gone = caretakerOf(viewOf('a', IDS), legacy);
      const rest = IDS.filter((id) => id !== gone);
      const heirs = rest.filter((self) => {
        const view = viewOf(self, rest);
        return (
          caretakerOf(view, legacy) === self &&
          inherits(view, legacy, member(gone, 'suspect'))
        );
      });
      expect(heirs).toHaveLength(1);
    }
  });

  it('is false for whoever was the caretaker already', () => {
    for (const legacy of LEGACY) {
      const best = caretakerOf(viewOf('a', IDS), legacy);
      for (const gone of IDS.filter((id) => id !== best)) {
        expect(inherits(viewOf(best, IDS), legacy, member(gone))).toBe(false);
      }
    }
  });

  it('is false where a legacy member went: it had no such work', () => {
    const gone = member('z', 'alive', []);
    for (const legacy of LEGACY) {
      expect(inherits(viewOf('a', []), legacy, gone)).toBe(false);
    }
  });
});
