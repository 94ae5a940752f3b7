import { isSoundData, MAX_DATA_DEPTH } from './data-shape.js';
import type { JsonObject } from './json.js';

const parse = (text: string) => JSON.parse(text) as JsonObject;

const nested = (levels: number) =>
  parse('{"a":'.repeat(levels) + '0' + '}'.repeat(levels));

it('bounds the depth of data', () => {
  expect(isSoundData(nested(MAX_DATA_DEPTH))).toBe(true);
  expect(isSoundData(nested(MAX_DATA_DEPTH + 1))).toBe(false);
  expect(isSoundData(nested(9000))).toBe(false);
  expect(isSoundData({ a: [[[[]]]] }, 4)).toBe(false);
});

it.each([
  '{"__proto__":{}}',
  '{"a":[{"\\u005f_proto__":1}]}',
  '{"constructor":{"prototype":{}}}',
])('refuses %s', (text) => {
  expect(isSoundData(parse(text))).toBe(false);
});

it('lets other names be', () => {
  expect(isSoundData(parse('{"constructor":"x","toString":1}'))).toBe(true);
});
