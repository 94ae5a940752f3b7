import { deepFreeze } from './deep-freeze.js';

describe('deepFreeze', () => {
  it('freezes objects and arrays at every depth, and gives them back', () => {
    const value = { list: [{ deep: { x: 1 } }], text: 'a', none: null };
    expect(deepFreeze(value)).toBe(value);
    expect(() => (value.list[0]!.deep.x = 2)).toThrow(TypeError);
    expect(() => value.list.push({ deep: { x: 3 } })).toThrow(TypeError);
    expect(() => (value.text = 'b')).toThrow(TypeError);
  });

  it.each([undefined, null, 1, 'text', true])('leaves %j as it is', (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
