import { UnconfirmedMembers } from './list-room.js';

describe('UnconfirmedMembers', () => {
  it('lets each reporter have so many names outstanding', () => {
    const unconfirmed = new UnconfirmedMembers(2);
    unconfirmed.add('a', 'liar');
    expect(unconfirmed.isFull('liar')).toBe(false);
    unconfirmed.add('b', 'liar');
    expect(unconfirmed.isFull('liar')).toBe(true);
    expect(unconfirmed.isFull('somebody')).toBe(false);
    unconfirmed.delete('a');
    unconfirmed.delete('a');
    expect(unconfirmed.isFull('liar')).toBe(false);
    expect(unconfirmed.size).toBe(1);
  });

  it('counts a name once, for the reporter that said it last', () => {
    const unconfirmed = new UnconfirmedMembers(1);
    unconfirmed.add('a', 'first');
    unconfirmed.add('a', 'second');
    expect(unconfirmed.isFull('first')).toBe(false);
    expect(unconfirmed.isFull('second')).toBe(true);
    unconfirmed.clear();
    expect(unconfirmed.size).toBe(0);
    expect(unconfirmed.isFull('second')).toBe(false);
  });

  it('gives each name its turn', () => {
    const unconfirmed = new UnconfirmedMembers(10);
    expect(unconfirmed.next()).toBeUndefined();
    for (const id of ['a', 'b', 'c']) {
      unconfirmed.add(id, 'r');
    }
    expect([unconfirmed.next(), unconfirmed.next()]).toEqual(['a', 'b']);
    expect(unconfirmed.first).toBe('c');
    unconfirmed.delete('c');
    expect([unconfirmed.next(), unconfirmed.next()]).toEqual(['a', 'b']);
  });
});
