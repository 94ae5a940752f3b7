import { messageOf, stackOf } from './error-text.js';

describe('messageOf() and stackOf()', () => {
  it.each([
    ['a string', 'why', 'why'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('why'), 'Symbol(why)'],
    ['an object', { why: 1 }, '{ why: 1 }'],
    ['one without toString()', Object.create(null), '{}'],
  ])('take %s', (_case, thrown: unknown, text) => {
    expect(messageOf(thrown)).toContain(text);
    expect(stackOf(thrown)).toContain(text);
  });

  it('take an error', () => {
    const error = new Error('why');
    expect(messageOf(error)).toBe('why');
    expect(stackOf(error)).toBe(error.stack);
  });
});
