import type { JsonValue } from '../../wire/json.js';
import { replyFault } from './replies.js';

const faultOf = (text: string, depth = 4) =>
  replyFault('a', JSON.parse(text) as JsonValue, depth)?.message;

describe('replyFault()', () => {
  it.each([
    '1',
    'null',
    '"__proto__"',
    '{}',
    '{"a":[{"b":[]}]}',
    '[[[[1]]]]',
    '{"constructor":"x","prototype":{"constructor":{}}}',
  ])('takes %s', (text) => {
    expect(faultOf(text)).toBeUndefined();
  });

  it.each(['[[[[[]]]]]', '{"a":{"a":{"a":{"a":{}}}}}', '[1,{"a":[[[]]]}]'])(
    'refuses %s as too deep',
    (text) => {
      expect(faultOf(text)).toContain('too deep');
      expect(faultOf(text, 5)).toBeUndefined();
    },
  );

  it.each([
    '{"__proto__":1}',
    '{"\\u005f_proto__":{}}',
    '[0,[{"a":{"__proto__":null}}]]',
    '{"constructor":{"prototype":0}}',
  ])('refuses %s for its keys', (text) => {
    expect(faultOf(text)).toContain('prototypes');
  });

  it('is not at the end of its stack before the bound is reached', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(faultOf(deep, 1000)).toContain('too deep');
  });
});
