import {
  GOSSIP,
  makeList,
  member,
  onChange,
  VERIFIED,
} from '../testing-support/listed.js';

describe('MemberList', () => {
  it('adds a member once, however often it hears of it', () => {
    const { list, heard } = makeList();
    expect(list.apply(member('a'), GOSSIP)).toBe('applied');
    expect(list.apply(member('a'), GOSSIP)).toBe('old');
    expect(list.apply(member('a', 0), GOSSIP)).toBe('old');
    expect(heard()).toEqual(['added a alive']);
    expect(list.members()).toEqual([member('a')]);
    expect(list.at('10.0.0.97:9338')?.id).toBe('a');
  });

  it('replaces a record by one with a higher incarnation', () => {
    const { list, changes } = makeList();
    list.apply(member('a'), GOSSIP);
    const moved = member('a', 2, { ip: '10.9.9.9', data: { x: 1 } });
    expect(list.apply(moved, GOSSIP)).toBe('applied');
    expect(list.get('a')).toBe(moved);
    expect(list.at('10.0.0.97:9338')).toBeUndefined();
    expect(list.at('10.9.9.9:9338')).toBe(moved);
    expect(changes.at(-1)).toMatchObject({
      kind: 'changed',
      member: moved,
      previous: { incarnation: 1 },
    });
  });

  it('does not take old updates about a member that is gone', () => {
    const { list, heard } = makeList();
    list.apply(member('a', 5), GOSSIP);
    list.applyState({ id: 'a', incarnation: 5, state: 'dead' }, GOSSIP);
    expect(list.apply(member('a', 5), GOSSIP)).toBe('old');
    expect(list.apply(member('a', 4), GOSSIP)).toBe('old');
    expect(list.get('a')).toBeUndefined();
    expect(list.apply(member('a', 6), GOSSIP)).toBe('applied');
    expect(list.tombstones.get('a')).toBeUndefined();
    expect(heard()).toEqual([
      'added a alive',
      'removed a dead',
      'added a alive',
    ]);
  });

  it('remembers the end of a member that it never had', () => {
    const { list, heard } = makeList();
    const end = { id: 'a', incarnation: 3, state: 'left' } as const;
    expect(list.applyState(end, GOSSIP)).toBe('old');
    expect(list.apply(member('a', 3), GOSSIP)).toBe('old');
    expect(list.apply(member('a', 4), GOSSIP)).toBe('applied');
    expect(heard()).toEqual(['added a alive']);
  });

  it('does not remember a suspicion of nobody', () => {
    const { list } = makeList();
    list.applyState({ id: 'a', incarnation: 3, state: 'suspect' }, GOSSIP);
    expect(list.apply(member('a', 1), GOSSIP)).toBe('applied');
  });

  it('lists a suspect, and hears of its refutation', () => {
    const { list, heard } = makeList();
    list.apply(member('a', 2), GOSSIP);
    const suspect = { id: 'a', state: 'suspect' } as const;
    expect(list.applyState({ ...suspect, incarnation: 1 }, GOSSIP)).toBe('old');
    expect(list.applyState({ ...suspect, incarnation: 2 }, GOSSIP)).toBe(
      'applied',
    );
    expect(list.applyState({ ...suspect, incarnation: 2 }, GOSSIP)).toBe('old');
    expect(list.members()[0]).toMatchObject({ state: 'suspect' });
    expect(list.apply(member('a', 2), GOSSIP)).toBe('old');
    expect(list.apply(member('a', 3), GOSSIP)).toBe('applied');
    expect(heard()).toEqual([
      'added a alive',
      'changed a suspect',
      'changed a alive',
    ]);
  });

  it('keeps what it knows when a suspicion names a higher incarnation', () => {
    const { list } = makeList();
    list.apply(member('a', 2, { data: { x: 1 } }), GOSSIP);
    list.applyState({ id: 'a', incarnation: 9, state: 'suspect' }, GOSSIP);
    expect(list.get('a')).toMatchObject({ incarnation: 2, data: { x: 1 } });
    expect(list.apply(member('a', 9, { data: { x: 2 } }), GOSSIP)).toBe(
      'applied',
    );
  });

  it('marks a suspect as alive without an update for the others', () => {
    const { list, heard } = makeList();
    list.apply(member('a', 2), GOSSIP);
    list.markAlive('a', VERIFIED);
    list.markAlive('nobody', VERIFIED);
    list.applyState({ id: 'a', incarnation: 2, state: 'suspect' }, GOSSIP);
    list.markAlive('a', VERIFIED);
    expect(list.get('a')).toMatchObject({ state: 'alive', incarnation: 2 });
    expect(heard()).toHaveLength(3);
  });

  it.each([
    ['left', 'left'],
    ['dead', 'dead'],
  ] as const)('tells why a member went: %s', (state, reason) => {
    const { list, changes } = makeList();
    list.apply(member('a', 2), GOSSIP);
    list.applyState({ id: 'a', incarnation: 3, state }, GOSSIP);
    expect(changes.at(-1)).toMatchObject({
      kind: 'removed',
      reason,
      member: { state, incarnation: 3 },
      previous: { state: 'alive', incarnation: 2 },
    });
    expect(list.members()).toEqual([]);
  });

  describe('with a new id at the address of a member', () => {
    const newcomer = () => member('b', 1, { ip: '10.0.0.97' });

    it('asks to verify before anybody is ended', () => {
      const { list, heard } = makeList();
      list.apply(member('a'), GOSSIP);
      expect(list.apply(newcomer(), GOSSIP)).toBe('occupied');
      expect(list.get('a')).toBeDefined();
      expect(heard()).toHaveLength(1);
    });

    it('ends the old member, then adds the new one', () => {
      const { list, heard, changes } = makeList();
      list.apply(member('a'), GOSSIP);
      expect(list.apply(newcomer(), VERIFIED)).toBe('applied');
      expect(heard()).toEqual([
        'added a alive',
        'removed a dead',
        'added b alive',
      ]);
      expect(changes[1]).toMatchObject({ reason: 'replaced' });
      expect(list.at('10.0.0.97:9338')?.id).toBe('b');
      // Nobody needs to dial the address for the old one again.
      expect(list.tombstones.get('a')?.record).toBeUndefined();
    });

    it('makes room for the new one in a full list', () => {
      const { list } = makeList({ maxPeers: 1 });
      list.apply(member('a'), GOSSIP);
      expect(list.apply(newcomer(), VERIFIED)).toBe('applied');
      expect(list.size).toBe(1);
    });
  });

  it('takes no more members than its limit, but updates about those it has', () => {
    const { list } = makeList({ maxPeers: 2 });
    list.apply(member('a'), GOSSIP);
    list.apply(member('b'), GOSSIP);
    expect(list.apply(member('c'), GOSSIP)).toBe('full');
    expect(list.apply(member('b', 2), GOSSIP)).toBe('applied');
    list.applyState({ id: 'a', incarnation: 1, state: 'left' }, GOSSIP);
    expect(list.apply(member('c'), GOSSIP)).toBe('applied');
  });

  it('has room for so many bytes of data, and always for those of a member that answers', () => {
    const { list } = makeList({ maxListBytes: 1000 });
    const large = { data: { text: 'x'.repeat(600) } };
    expect(list.apply(member('a', 1, large), GOSSIP)).toBe('applied');
    expect(list.apply(member('b', 1, large), GOSSIP)).toBe('full');
    expect(list.apply(member('b'), GOSSIP)).toBe('applied');
    expect(list.apply(member('b', 2, large), GOSSIP)).toBe('full');
    expect(list.apply(member('a', 2, large), GOSSIP)).toBe('applied');
    expect(list.apply(member('c', 1, large), VERIFIED)).toBe('applied');
    for (const id of ['a', 'c']) {
      list.applyState({ id, incarnation: 3, state: 'left' }, GOSSIP);
    }
    expect(list.apply(member('b', 2, large), GOSSIP)).toBe('applied');
    list.clear();
    expect(list.apply(member('d', 1, large), GOSSIP)).toBe('applied');
  });

  it('lets one that answers take the place of a name that nothing has confirmed', () => {
    const { list, changes } = makeList({ maxPeers: 2 });
    list.apply(member('a'), VERIFIED);
    list.apply(member('b'), GOSSIP);
    expect(list.isFull).toBe(false);
    expect(list.apply(member('c'), GOSSIP)).toBe('full');
    expect(list.apply(member('c'), VERIFIED)).toBe('applied');
    expect([...list.records()].map(({ id }) => id)).toEqual(['a', 'c']);
    expect(list.tombstones.get('b')).toBeUndefined();
    expect(changes.at(-2)).toMatchObject({
      kind: 'removed',
      member: { id: 'b' },
      source: { quiet: true },
    });
    expect(list.isFull).toBe(true);
    expect(list.apply(member('d'), VERIFIED)).toBe('full');
  });

  it('hides a member until the doubt is settled', () => {
    const { list, heard } = makeList();
    list.apply(member('a'), GOSSIP);
    expect(list.hide('a')).toBe(true);
    expect(list.hide('a')).toBe(false);
    expect(list.hide('nobody')).toBe(false);
    expect(list.get('a')).toBeUndefined();
    expect(list.peek('a')).toBeDefined();
    expect(list.members()).toEqual([]);
    list.show('a');
    expect(list.members()).toHaveLength(1);
    list.hide('a');
    list.apply(member('a', 2), GOSSIP);
    expect(list.get('a')?.incarnation).toBe(2);
    expect(heard()).toEqual(['added a alive', 'changed a alive']);
  });

  it('counts legacy members', () => {
    const { list } = makeList();
    list.apply(member('a', 0, { features: [] }), GOSSIP);
    list.apply(member('b'), GOSSIP);
    expect(list.legacyCount).toBe(1);
    list.apply(member('a', 1), VERIFIED);
    expect(list.legacyCount).toBe(0);
  });

  it('gives the same array until something changes', () => {
    const { list } = makeList();
    list.apply(member('a'), GOSSIP);
    const before = list.members();
    list.apply(member('a'), GOSSIP);
    expect(list.members()).toBe(before);
    list.apply(member('b'), GOSSIP);
    expect(list.members()).not.toBe(before);
    expect(before).toHaveLength(1);
  });

  it('forgets all when this peer leaves, without an end of theirs', () => {
    const { list, heard } = makeList();
    const empty = list.digest.text;
    list.apply(member('a'), GOSSIP);
    list.clear();
    expect(list.size).toBe(0);
    expect(list.at('10.0.0.97:9338')).toBeUndefined();
    expect(list.digest.text).toBe(empty);
    expect(heard()).toHaveLength(1);
    expect(list.apply(member('a'), GOSSIP)).toBe('applied');
  });

  it('finishes an event before the event of a listener’s own change', () => {
    const { list, events } = makeList();
    const heard: string[] = [];
    onChange(events, ({ kind, member: { id } }) => {
      heard.push(`first ${kind} ${id}`);
      if (kind === 'added' && id === 'a') {
        list.apply(member('b'), GOSSIP);
      }
    });
    onChange(events, ({ kind, member: { id } }) => {
      heard.push(`second ${kind} ${id}`);
    });
    list.apply(member('a'), GOSSIP);
    expect(heard).toEqual([
      'first added a',
      'second added a',
      'first added b',
      'second added b',
    ]);
  });
});
