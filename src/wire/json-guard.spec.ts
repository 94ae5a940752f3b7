import fc from 'fast-check';
import secureJson from 'secure-json-parse';
import type { JsonValue } from './json.js';
import { isDeeperThan, jsonFault, MAX_DATA_DEPTH } from './json-guard.js';

const faultOf = (text: string, depth = 4) =>
  jsonFault(JSON.parse(text) as JsonValue, depth);

const nested = (levels: number) =>
  '{"a":'.repeat(levels) + '0' + '}'.repeat(levels);

describe('jsonFault()', () => {
  it('bounds the depth of data', () => {
    expect(faultOf(nested(MAX_DATA_DEPTH), MAX_DATA_DEPTH)).toBeUndefined();
    expect(faultOf(nested(MAX_DATA_DEPTH + 1), MAX_DATA_DEPTH)).toBe('depth');
    expect(faultOf(nested(9000), MAX_DATA_DEPTH)).toBe('depth');
    expect(faultOf('{"a":[[[[]]]]}')).toBe('depth');
    expect(faultOf('{"a":[[[]]]}')).toBeUndefined();
  });

  it.each([
    '{"__proto__":{}}',
    '{"a":[{"\\u005f_proto__":1}]}',
    '{"constructor":{"prototype":{}}}',
  ])('refuses %s', (text) => {
    expect(faultOf(text)).toBe('prototypes');
  });

  it('lets other names be', () => {
    expect(faultOf('{"constructor":"x","toString":1}')).toBeUndefined();
  });

  it('takes what has no levels', () => {
    expect(jsonFault(undefined, 0)).toBeUndefined();
    expect(faultOf('"__proto__"', 0)).toBeUndefined();
    expect(faultOf('null', 0)).toBeUndefined();
  });
});

describe('isDeeperThan()', () => {
  const isDeep = (text: string, levels: number) =>
    isDeeperThan(Buffer.from(text), levels);

  it('counts the brackets outside of strings', () => {
    expect(isDeep(nested(5), 4)).toBe(true);
    expect(isDeep(nested(5), 5)).toBe(false);
    expect(isDeep('["[[[[\\"[[[[", [1], [2], {"a": 3}]', 2)).toBe(false);
    expect(isDeep('["[[[[\\"[[[[", [1], [2], {"a": [3]}]', 2)).toBe(true);
  });

  it('says the same as the walk over the parsed value', () => {
    for (let levels = 1; levels < 40; levels++) {
      const text = nested(levels);
      expect(isDeep(text, 20)).toBe(faultOf(text, 20) === 'depth');
    }
  });
});

describe('beside secure-json-parse', () => {
  const KEYS = ['a', '__proto__', 'constructor', 'prototype'];

  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(0, 'x', null),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc
        .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie('tree')), {
          maxLength: 3,
          selector: ([key]) => key,
        })
        .map((entries) => new Map(entries)),
    ),
  }));

  /** JSON text with keys that no object literal can have. */
  const textOf = (value: unknown): string => {
    if (value instanceof Map) {
      const members = [...(value as Map<string, unknown>)];
      return `{${members.map(([key, inner]) => `"${key}":${textOf(inner)}`).join(',')}}`;
    }
    return Array.isArray(value)
      ? `[${value.map(textOf).join(',')}]`
      : JSON.stringify(value);
  };

  it('refuses the same keys', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = textOf(value);
        const isRefused =
          secureJson.safeParse(text) === null && text !== 'null';
        expect(faultOf(text, 1000)).toBe(isRefused ? 'prototypes' : undefined);
      }),
    );
  });
});
