import fc from 'fast-check';

/** JSON text, or what looks like it: `1e999`, twice the same key and `__proto__` are no values of JavaScript. */
export type Text = fc.Arbitrary<string>;

const deep = (levels: number) =>
  '['.repeat(levels) + ']'.repeat(levels) || 'null';
const deepObject = (levels: number) =>
  '{"a":'.repeat(levels) + '0' + '}'.repeat(levels);

/** Values that are wrong nearly everywhere. */
const oddities = fc.constantFrom(
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '""',
  '[[]]',
  '[null]',
  '{"":null}',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '1e-400',
  '65535',
  '65536',
  '9007199254740991',
  '9007199254740993',
  '1e21',
  '4294967296',
  '"NaN"',
  '"0"',
  '"9338"',
  '"Infinity"',
  '"1e3"',
  '"\\u0000"',
  '"\\ud800"',
  '"ä"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
  '"::1"',
  '"::ffff:127.0.0.1"',
  '"0.0.0.0"',
  '"169.254.169.254"',
  '"localhost"',
  '"127.1"',
  '"224.0.0.1"',
  '"fe80::1%lo"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"then":1}',
  '{"toString":null,"valueOf":0}',
  '{"toJSON":"x"}',
  '{"length":4294967295}',
  '{"\\u005f_proto__":{"polluted":1}}',
  deep(20),
  deepObject(125),
  deep(127),
  deep(5000),
  deepObject(9000),
  `"${'x'.repeat(200)}"`,
  `"${'x'.repeat(70_000)}"`,
  `[${'0,'.repeat(20_000)}0]`,
  `[${'{"id":"x"},'.repeat(2000)}null]`,
);

/** Text of any value. */
export const hostile: Text = fc.oneof(
  { weight: 4, arbitrary: oddities },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => text(value)) },
);

const hostileKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'then',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'send',
    'check',
    'clientId',
    'length',
    '',
  ),
  fc.string({ maxLength: 20 }),
);

/** Text of an object of these fields, of which one or the other is hostile, absent, doubled or unknown. */
export function object(fields: Record<string, Text>): Text {
  const entries = Object.entries(fields).map(([name, valid]) =>
    fc.oneof(
      { weight: 8, arbitrary: valid.map((value) => [[name, value]]) },
      { weight: 2, arbitrary: hostile.map((value) => [[name, value]]) },
      { weight: 1, arbitrary: fc.constant<string[][]>([]) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(valid, hostile)
          .map((values) => values.map((value) => [name, value])),
      },
    ),
  );
  const extra = fc.oneof(
    { weight: 5, arbitrary: fc.constant<string[][]>([]) },
    {
      weight: 1,
      arbitrary: fc.tuple(hostileKey, hostile).map((entry) => [entry]),
    },
  );
  return fc
    .tuple(...entries, extra)
    .map((parts) => (parts as string[][][]).flat())
    .map((all) =>
      all.map(([name, value]) => `${text(name)}:${value}`).join(','),
    )
    .map((inner) => `{${inner}}`);
}

/** Text of a list of these. */
export function list(item: Text, maxLength = 6): Text {
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: item }, hostile), { maxLength })
    .map((items) => `[${items.join(',')}]`);
}

/** Text of one of these values. */
export function oneOf(...values: unknown[]): Text {
  return fc.constantFrom(...values.map(text));
}

/** The text, or the same with a few bytes changed, cut off or added. */
export function damaged(whole: Text): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  return fc
    .tuple(
      whole.map((value) => Buffer.from(value)),
      fc.array(change, { maxLength: 4 }),
      fc.option(fc.nat(), { freq: 2 }),
      fc.uint8Array({ maxLength: 8 }),
    )
    .map(([bytes, changes, cut, tail]) => {
      for (const [at, byte] of changes) {
        if (bytes.length > 0) {
          bytes[at % bytes.length] = byte;
        }
      }
      const kept =
        cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
      return Buffer.concat([kept, tail]);
    });
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
