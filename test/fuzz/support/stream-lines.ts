import fc from 'fast-check';
import { hostile, object, oneOf, type Text } from './hostile-text.js';

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 50 }).map(String) },
  { weight: 1, arbitrary: hostile },
);

const hello = object({
  v: oneOf(1, 1, 1, 1, 1, 2),
  heartbeat: oneOf(10_000, 1, 0.001),
  maxBytes: oneOf(1_000_000, 1_000_000, 1024, 1024, 1, 70_000),
  maxInFlight: oneOf(100, 1, 0.5),
  renews: oneOf(true, false),
  channels: oneOf(true, false, 1),
});

const GREETING =
  '{"v":1,"heartbeat":10000,"maxBytes":1000000,"maxInFlight":100}';

/** What may stand before a request. */
const head = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: object({ replies: oneOf(1, 1000, 2 ** 31, 0.5, 'x') }),
  },
  { weight: 2, arbitrary: oneOf('a', '', 'two words', 'x'.repeat(100)) },
);

const frames = (kind: string, body: Text): Text =>
  fc
    .tuple(
      oneOf(kind, kind, kind, kind, 'm', 'r', 'n', 'c', 'x', 'y'),
      fc.array(
        fc
          .tuple(head, number, number, fc.oneof(oneOf({ n: 1 }), body))
          .map(([first, ...rest]) => (first ? [first, ...rest] : rest)),
        { maxLength: 5 },
      ),
      fc.option(hostile, { freq: 6 }),
    )
    .map(
      ([first, entries, more]) =>
        `[${[first, ...(kind === 'm' ? ['0'] : []), ...entries.flat(), ...(more === null ? [] : [more])].join(',')}]`,
    );

const otherLines = fc.oneof(
  hostile,
  fc.constantFrom(
    '0',
    '1',
    '["e"]',
    '["x"]',
    '',
    ' ',
    '\r',
    '[',
    '{',
    '"m"',
    '[]',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constant('x'.repeat(1_700_000)),
);

/** Bytes of one direction of a stream; `kind`: that of the frames that belong there. */
export function streamBytes(kind: 'm' | 'r'): fc.Arbitrary<Buffer> {
  const line = fc.oneof(
    { weight: 5, arbitrary: frames(kind, hostile) },
    { weight: 2, arbitrary: otherLines },
    { weight: 1, arbitrary: hello },
  );
  return fc
    .tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(GREETING) },
        { weight: 2, arbitrary: hello },
        { weight: 1, arbitrary: line },
      ),
      fc.array(line, { maxLength: 8 }),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.nat({ max: 400 }) },
      ),
      fc.uint8Array({ maxLength: 3 }),
    )
    .map(([first, lines, cut, tail]) =>
      Buffer.concat([
        Buffer.from(`${[first, ...lines].join('\n')}\n`).subarray(0, cut),
        tail,
      ]),
    );
}

/** The bytes in pieces of this size. */
export function pieces(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    parts.push(bytes.subarray(at, at + size));
  }
  return parts;
}
