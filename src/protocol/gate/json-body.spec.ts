import type { IncomingMessage } from 'node:http';
import { checkJsonType, parseJsonBody } from './request-body.js';

const parse = (text: string, depth = 8) =>
  parseJsonBody(Buffer.from(text), depth, () => {});

const typed = (type?: string) =>
  ({ headers: { 'content-type': type } }) as IncomingMessage;

describe('parseJsonBody', () => {
  it.each(['{}', '[1,"a",null]', '7', '"text"', ' {"a":{"b":[]}} '])(
    'parses %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it.each(['', '{', '{"a":}', 'undefined', '\ufeff{}', '{}{}'])(
    'refuses %j and does not repeat it',
    (text) => {
      expect(() => parse(text)).toThrow('the body is not valid JSON');
    },
  );

  it('counts levels, not brackets in strings', () => {
    expect(() => parse('[[[[[[[[1]]]]]]]]')).not.toThrow();
    expect(() => parse('[[[[[[[[[1]]]]]]]]]')).toThrow('deeper than 8');
    expect(() =>
      parse('{"a":"[[[[[[[[[[[[","b":"\\"[[[[[[[[[["}'),
    ).not.toThrow();
    expect(() => parse('[[],[],[],[],[],[],[],[],[],[],[]]')).not.toThrow();
  });

  it('refuses a deep body before it parses it', () => {
    expect(() => parse('['.repeat(1_000_000))).toThrow('deeper than 8');
  });

  it('refuses keys that change prototypes, and nothing that only looks like them', () => {
    expect(() => parse('{"a":[{"__proto__":1}]}')).toThrow('prototypes');
    expect(() => parse('{"\\u005F_proto__":1}')).toThrow('prototypes');
    expect(() => parse('{"constructor":{"prototype":1}}')).toThrow(
      'prototypes',
    );
    expect(parse('{"constructor":"Smith","text":"__proto__"}')).toEqual({
      constructor: 'Smith',
      text: '__proto__',
    });
    expect(parse('{"caf\\u00e9":1}')).toEqual({ café: 1 });
  });

  it('refuses what is no UTF-8', () => {
    const raw = Buffer.from([0x22, 0xff, 0x22]);
    expect(() => parseJsonBody(raw, 8, () => {})).toThrow('not UTF-8');
  });

  it('asks for room before it parses', () => {
    const asked: number[] = [];
    const text = `[${'{},'.repeat(100)}`;
    const parsing = () =>
      parseJsonBody(Buffer.from(text), 8, (bytes) => {
        asked.push(bytes);
        throw new Error('no room');
      });
    expect(parsing).toThrow('no room');
    expect(asked[0]).toBeGreaterThan(text.length * 20);
  });
});

describe('content types', () => {
  it.each(['application/json', 'Application/JSON ; charset=UTF-8'])(
    'JSON: %s',
    (type) => {
      expect(() => checkJsonType(typed(type))).not.toThrow();
    },
  );

  it.each([
    undefined,
    '',
    'text/json',
    'application/json5',
    'application/ld+json',
    'application/json; charset=latin1',
  ])('no JSON: %s', (type) => {
    expect(() => checkJsonType(typed(type))).toThrow('the body must be');
  });
});
