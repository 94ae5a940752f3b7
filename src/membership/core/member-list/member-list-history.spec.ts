import fc from 'fast-check';
import type { MemberState } from '../membership.types.js';
import { GOSSIP, makeList, member } from '../testing-support/listed.js';

/** Whatever happens, in whatever order. */
describe('the history of a MemberList', () => {
  const updates = fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      incarnation: fc.nat(4),
      state: fc.constantFrom<MemberState>('alive', 'suspect', 'dead', 'left'),
    }),
    { maxLength: 60 },
  );

  it('tells each member’s story in an order that can be', () => {
    fc.assert(
      fc.property(updates, (items) => {
        const { list, changes } = makeList();
        for (const { id, incarnation, state } of items) {
          if (state === 'alive') {
            list.apply(member(id, incarnation), GOSSIP);
          } else {
            list.applyState({ id, incarnation, state }, GOSSIP);
          }
        }
        const present = new Set<string>();
        for (const { kind, member: told } of changes) {
          expect(present.has(told.id)).toBe(kind !== 'added');
          if (kind === 'added') {
            present.add(told.id);
          }
          if (kind === 'removed') {
            present.delete(told.id);
          }
        }
        expect([...present].sort()).toEqual(
          list
            .members()
            .map(({ id }) => id)
            .sort(),
        );
      }),
    );
  });

  it('has a digest that depends on the list alone, not on its history', () => {
    fc.assert(
      fc.property(updates, (items) => {
        const { list } = makeList();
        for (const { id, incarnation, state } of items) {
          if (state === 'alive') {
            list.apply(member(id, incarnation), GOSSIP);
          } else {
            list.applyState({ id, incarnation, state }, GOSSIP);
          }
        }
        const { list: fresh } = makeList();
        const records = [...list.members()].reverse();
        for (const record of records) {
          fresh.apply(record, GOSSIP);
        }
        expect(fresh.digest.text).toBe(list.digest.text);
        expect(fresh.digest.buckets(16)).toEqual(list.digest.buckets(16));
      }),
    );
  });

  it('has another digest for another incarnation or another member', () => {
    const digests = [
      [member('a', 1)],
      [member('a', 2)],
      [member('b', 1)],
      [member('a', 1), member('b', 1)],
      [member('a', 1 + 2 ** 32)],
      [],
    ].map((members) => {
      const { list } = makeList();
      for (const one of members) {
        list.apply(one, GOSSIP);
      }
      return list.digest.text;
    });
    expect(new Set(digests).size).toBe(digests.length);
  });
});
