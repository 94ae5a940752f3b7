import {
  responsiblePeerFor,
  responsiblePeersFor,
  tookOverFrom,
} from './responsible-peer.js';
import type { CoreContext } from '../context.js';
import { makeRecord } from '../member-list/index.js';
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
describe('responsiblePeerFor', () => {
  it('is the same one for all that have the same list', () => {
    for (const legacy of LEGACY) {
      const chosen = IDS.map((self) =>
        responsiblePeerFor(viewOf(self, IDS), legacy),
      );
      expect(new Set(chosen).size).toBe(1);
    }
  });

  it('gives everybody a share', () => {
    const work = new Map<string, number>();
    for (const legacy of LEGACY) {
      const id = responsiblePeerFor(viewOf('a', IDS), legacy);
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
      const before = responsiblePeerFor(viewOf('a', IDS), legacy);
      const after = responsiblePeerFor(viewOf('a', rest), legacy);
      if (before !== gone) {
        expect(after).toBe(before);
      } else {
        expect(rest).toContain(after);
      }
    }
  });

  it('is no member that may be gone, and no legacy member', () => {
    const others = [member('b', 'suspect'), member('c', 'alive', [])];
    for (const legacy of LEGACY) {
      expect(responsiblePeerFor(viewOf('a', [], others), legacy)).toBe('a');
    }
  });

  it('is never the one in question', () => {
    for (const legacy of LEGACY) {
      const best = responsiblePeerFor(viewOf('a', IDS), legacy);
      const next = responsiblePeerFor(viewOf('a', IDS), legacy, best);
      expect(next).not.toBe(best);
      expect(
        responsiblePeersFor(viewOf('', IDS), legacy, 2).map(({ id }) => id),
      ).toEqual([best, next]);
    }
    expect(responsiblePeerFor(viewOf('a', []), 'legacy', 'a')).toBe('');
  });
});

describe('tookOverFrom', () => {
  it('is true for exactly one of those that are left: the responsible peer now', () => {
    for (const legacy of LEGACY) {
      const gone = responsiblePeerFor(viewOf('a', IDS), legacy);
      const rest = IDS.filter((id) => id !== gone);
      const heirs = rest.filter((self) => {
        const view = viewOf(self, rest);
        return (
          responsiblePeerFor(view, legacy) === self &&
          tookOverFrom(view, legacy, member(gone, 'suspect'))
        );
      });
      expect(heirs).toHaveLength(1);
    }
  });

  it('is false for the peer that was responsible already', () => {
    for (const legacy of LEGACY) {
      const best = responsiblePeerFor(viewOf('a', IDS), legacy);
      for (const gone of IDS.filter((id) => id !== best)) {
        expect(tookOverFrom(viewOf(best, IDS), legacy, member(gone))).toBe(
          false,
        );
      }
    }
  });

  it('is false where a legacy member went: it had no such work', () => {
    const gone = member('z', 'alive', []);
    for (const legacy of LEGACY) {
      expect(tookOverFrom(viewOf('a', []), legacy, gone)).toBe(false);
    }
  });
});
