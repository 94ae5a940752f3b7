import { Hearsay } from './hearsay.js';

describe('Hearsay', () => {
  it('lets each reporter have so many names outstanding', () => {
    const hearsay = new Hearsay(2);
    hearsay.add('a', 'liar');
    expect(hearsay.isFull('liar')).toBe(false);
    hearsay.add('b', 'liar');
    expect(hearsay.isFull('liar')).toBe(true);
    expect(hearsay.isFull('somebody')).toBe(false);
    hearsay.delete('a');
    hearsay.delete('a');
    expect(hearsay.isFull('liar')).toBe(false);
    expect(hearsay.size).toBe(1);
  });

  it('counts a name once, for whoever said it last', () => {
    const hearsay = new Hearsay(1);
    hearsay.add('a', 'first');
    hearsay.add('a', 'second');
    expect(hearsay.isFull('first')).toBe(false);
    expect(hearsay.isFull('second')).toBe(true);
    hearsay.clear();
    expect(hearsay.size).toBe(0);
    expect(hearsay.isFull('second')).toBe(false);
  });

  it('gives each name its turn', () => {
    const hearsay = new Hearsay(10);
    expect(hearsay.next()).toBeUndefined();
    for (const id of ['a', 'b', 'c']) {
      hearsay.add(id, 'r');
    }
    expect([hearsay.next(), hearsay.next()]).toEqual(['a', 'b']);
    expect(hearsay.first).toBe('c');
    hearsay.delete('c');
    expect([hearsay.next(), hearsay.next()]).toEqual(['a', 'b']);
  });
});
