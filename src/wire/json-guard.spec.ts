import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import secureJson from 'secure-json-parse';
import type { JsonValue } from './json.js';
import { jsonFault, MAX_DATA_DEPTH, parsedBytes } from './json-guard.js';

setFlagsFromString('--expose-gc');

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

describe('parsedBytes()', () => {
  const isDeep = (text: string, levels: number) =>
    parsedBytes(Buffer.from(text), levels) === undefined;

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

describe('parsedBytes() beside the memory of what is parsed', () => {
  const collect = runInNewContext('gc') as () => void;

  /** Bytes of the heap that a text takes once it is parsed. */
  function taken(text: string): number {
    collect();
    const before = process.memoryUsage().heapUsed;
    const parsed: unknown = JSON.parse(text);
    collect();
    const after = process.memoryUsage().heapUsed;
    expect(parsed).toBeDefined();
    return after - before;
  }

  it.each([
    ['empty objects', '{}'],
    ['empty arrays', '[]'],
    ['small numbers', '1'],
    ['fractions', '0.5'],
    ['objects of one property', '{"a":1}'],
    ['arrays of one item', '[1]'],
    ['booleans', 'true'],
  ])('is of the right order for %s', (_, item) => {
    const text = `[${Array<string>(100_000).fill(item).join()}]`;
    const guess = parsedBytes(Buffer.from(text), 10)!;
    expect(guess).toBeGreaterThan(taken(text) * 0.8);
    expect(guess).toBeLessThan(text.length * 40);
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
