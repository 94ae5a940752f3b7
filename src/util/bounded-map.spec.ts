import { BoundedMap } from './bounded-map.js';

describe('BoundedMap', () => {
  it('forgets the entry that was set longest ago when it is full', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect(map.size).toBe(2);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([
      3,
      undefined,
      4,
    ]);
    expect(map.size).toBe(2);
  });

  it('keeps an entry as old as it is, however often it is read', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect(map.get('a')).toBeUndefined();
    expect(map.get('b')).toBe(2);
  });
});
