import { pack, unpack, type BinaryPart } from './binary.js';

/** As it arrives: by way of JSON. */
function carried(value: unknown): unknown {
  const { value: json, bin = [] } = JSON.parse(JSON.stringify(pack(value))) as {
    value: never;
    bin?: BinaryPart[];
  };
  return unpack(json, bin);
}

describe('binary data beside JSON', () => {
  it('leaves a value without any as it is', () => {
    const value = { a: [1, { b: null }] };
    expect(pack(value)).toEqual({ value });
    expect(pack(value).value).toBe(value);
  });

  it.each([
    ['a Buffer', Buffer.from([1, 2]), Buffer.from([1, 2])],
    ['an empty one', Buffer.alloc(0), Buffer.alloc(0)],
    ['an ArrayBuffer', Uint8Array.of(3).buffer, Buffer.from([3])],
    ['part of one', new Uint8Array([1, 2, 3]).subarray(1, 2), Buffer.from([2])],
    ['a DataView', new DataView(new ArrayBuffer(2)), Buffer.alloc(2)],
  ])('carries %s, wherever it is', (_, given, expected) => {
    expect(carried(given)).toEqual(expected);
    expect(carried(['x', { a: [null, given], b: 1 }])).toEqual([
      'x',
      { a: [null, expected], b: 1 },
    ]);
  });

  it('does not change what it is given', () => {
    const value = { bytes: Buffer.from([1]) };
    pack(value);
    expect(value).toEqual({ bytes: Buffer.from([1]) });
  });

  it('looks into what toJSON() gives', () => {
    const value = { at: { toJSON: () => ({ bytes: Buffer.from([1]) }) } };
    expect(carried(value)).toEqual({ at: { bytes: Buffer.from([1]) } });
  });

  it.each<[string, BinaryPart]>([
    ['a place that is taken', [['a'], '']],
    ['a place that is not there', [['c'], '']],
    ['a path through a value', [['a', 'x'], '']],
    ['a prototype', [['__proto__', 'polluted'], '']],
    ['a prototype by its constructor', [['constructor', 'prototype'], '']],
  ])('refuses %s', (_, part) => {
    expect(() => unpack({ a: 1, b: null }, [part])).toThrow(TypeError);
  });
});
