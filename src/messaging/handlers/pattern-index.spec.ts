import { readPattern } from './message-pattern.js';
import { PatternIndex } from './pattern-index.js';

function indexOf(...patterns: unknown[]): PatternIndex<unknown> {
  const index = new PatternIndex<unknown>();
  for (const pattern of patterns) {
    const label = pattern ?? 'everything';
    expect(index.add(readPattern(pattern), label)).toBeUndefined();
  }
  return index;
}

describe('PatternIndex', () => {
  it('finds nothing without handlers', () => {
    expect(indexOf().find({ type: 'a' })).toBeUndefined();
  });

  it('matches a string with the type of the body', () => {
    const index = indexOf('a', 'b');
    expect(index.find({ type: 'b', more: 1 })).toBe('b');
    expect(index.find({ type: 'c' })).toBeUndefined();
    expect(index.find({})).toBeUndefined();
    expect(index.find(['type'])).toBeUndefined();
    expect(index.find(null)).toBeUndefined();
  });

  it('takes no pattern for everything that nobody else takes', () => {
    const index = indexOf(undefined, 'a');
    expect(index.find({ type: 'a' })).toBe('a');
    expect(index.find({ type: 'b' })).toBe('everything');
    expect(index.find(7)).toBe('everything');
  });

  it('matches objects partly, nested ones too', () => {
    const pattern = { user: { role: 'admin' } };
    const index = indexOf(pattern);
    expect(index.find({ user: { role: 'admin', id: 1 }, x: 1 })).toBe(pattern);
    expect(index.find({ user: { role: 'guest' } })).toBeUndefined();
    expect(index.find({ user: 'admin' })).toBeUndefined();
  });

  it('lets the match with the most keys win, then the first', () => {
    const two = { type: 'a', kind: 'x' };
    const other = { type: 'a', size: 1 };
    const index = indexOf('a', two, other);
    expect(index.find({ type: 'a', kind: 'x', size: 1 })).toBe(two);
    expect(index.find({ type: 'a', size: 1 })).toBe(other);
    expect(index.find({ type: 'a' })).toBe('a');
  });

  it('compares arrays as a whole, whatever the order of keys in them', () => {
    const pattern = { tags: ['a', { x: 1, y: 2 }] };
    const index = indexOf(pattern);
    expect(index.find({ tags: ['a', { y: 2, x: 1 }] })).toBe(pattern);
    expect(index.find({ tags: ['a'] })).toBeUndefined();
  });

  it('takes an empty object for any object', () => {
    const pattern = { user: {} };
    const index = indexOf(pattern);
    expect(index.find({ user: { id: 1 } })).toBe(pattern);
    expect(index.find({ user: [] })).toBeUndefined();
    expect(index.find({ user: null })).toBeUndefined();
  });

  it('tells values of different types apart', () => {
    const index = indexOf({ n: 1 }, { n: '1' }, { n: null }, { n: true });
    expect(index.find({ n: 1 })).toEqual({ n: 1 });
    expect(index.find({ n: '1' })).toEqual({ n: '1' });
    expect(index.find({ n: null })).toEqual({ n: null });
    expect(index.find({ n: true })).toEqual({ n: true });
    expect(index.find({ n: 0 })).toBeUndefined();
  });

  it('looks at own properties only', () => {
    const index = indexOf({ constructor: { name: 'Object' } });
    expect(index.find({})).toBeUndefined();
  });

  it.each([
    ['a', { type: 'a' }],
    [
      { a: 1, b: { c: 2 } },
      { b: { c: 2 }, a: 1 },
    ],
    [undefined, {}],
    [{ a: [1] }, { a: [1] }],
  ])('knows %j and %j for the same pattern', (first, second) => {
    const index = new PatternIndex<string>();
    index.add(readPattern(first), 'first');
    expect(index.add(readPattern(second), 'second')).toBe('first');
    expect(index.size).toBe(1);
  });

  it.each([
    [7],
    [null],
    [['a']],
    [new Date()],
    [{ a: undefined }],
    [{ a: { b: /x/ } }],
    [{ a: NaN }],
  ])('refuses the pattern %s', (pattern) => {
    expect(() => readPattern(pattern)).toThrow(TypeError);
  });
});
