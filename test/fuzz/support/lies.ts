import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { damaged, hostile, type Text } from './hostile-text.js';

/** One answer of a server that keeps to no rule. */
export interface Lie {
  status: number;
  body: Buffer;
  /** How the length is told, if it is, and if it is the right one. */
  framing: 'length' | 'chunked' | 'none' | 'too long' | 'too short' | 'absurd';
  type: string | undefined;
  ending: 'close' | 'reset' | 'hang' | 'endless' | 'garbage';
  /** Bytes after which it breaks off. */
  cut: number | undefined;
  /** In a signed cloud: without a signature. */
  unsigned: boolean;
  extra: Record<string, string>;
}

const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024));
const BLOCK = Buffer.alloc(256 * 1024, 0x20);

/** Answers around these bodies: most of them right but for the body. */
export function liesWith(bodies: Text): fc.Arbitrary<Lie> {
  const plain: fc.Arbitrary<Lie> = fc.record({
    status: fc.constant(200),
    body: fc.oneof(
      {
        weight: 8,
        arbitrary: bodies.map((text) => Buffer.from(text)),
      },
      { weight: 1, arbitrary: damaged(bodies) },
      { weight: 1, arbitrary: hostile.map((text) => Buffer.from(text)) },
    ),
    framing: fc.constant<Lie['framing']>('length'),
    type: fc.constant('application/json'),
    ending: fc.constant<Lie['ending']>('close'),
    cut: fc.constant(undefined),
    unsigned: fc.constant(false),
    extra: fc.constant({}),
  });
  const odd: fc.Arbitrary<Partial<Lie>> = fc.oneof(
    fc.record({
      status: fc.constantFrom(
        101,
        201,
        204,
        206,
        304,
        400,
        401,
        403,
        404,
        413,
        429,
        500,
        503,
        999,
      ),
    }),
    fc.constantFrom<Partial<Lie>>(
      {
        status: 403,
        body: Buffer.from('{"code":"UNKNOWN_SENDER"}'),
      },
      { status: 307, extra: { location: 'http://127.0.0.1:1/status' } },
      { status: 301, extra: { location: '/status' } },
      { body: BOMB, extra: { 'content-encoding': 'gzip' } },
      { body: BOMB, extra: { 'transfer-encoding': 'gzip' }, framing: 'none' },
      { extra: { 'x-long': 'x'.repeat(20_000) } },
      { extra: { 'content-length': '5' } },
      { extra: { signature: 'x', 'signature-input': 'peercloud=(' } },
    ),
    fc.record({
      framing: fc.constantFrom<Lie['framing']>(
        ...(['chunked', 'none', 'too long', 'too short', 'absurd'] as const),
      ),
      ending: fc.constantFrom<Lie['ending']>('close', 'reset', 'garbage'),
    }),
    fc.record({ type: fc.constantFrom(undefined, 'text/html', 'x', '') }),
    fc.record({
      cut: fc.nat({ max: 600 }),
      ending: fc.constantFrom<Lie['ending']>('close', 'reset'),
    }),
    fc.constant({ unsigned: true }),
  );
  const slow: fc.Arbitrary<Partial<Lie>> = fc.record({
    framing: fc.constantFrom<Lie['framing']>('none', 'too long'),
    ending: fc.constantFrom<Lie['ending']>('hang', 'endless'),
  });
  return fc
    .tuple(
      plain,
      fc.oneof(
        { weight: 60, arbitrary: fc.constant<Partial<Lie>>({}) },
        { weight: 38, arbitrary: odd },
        { weight: 2, arbitrary: slow },
      ),
    )
    .map(([lie, change]) => ({ ...lie, ...change }));
}

/** Writes the answer, and ends as it says. */
export function writeLie(
  socket: Socket,
  { status, body, framing, type, ending, cut, extra }: Lie,
  signature: Record<string, string> = {},
): void {
  const headers = {
    ...(type !== undefined && { 'content-type': type }),
    ...framingHeaders(framing, body),
    ...signature,
    ...extra,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`;
  const whole = Buffer.concat([
    Buffer.from(head),
    ...(framing === 'chunked'
      ? [Buffer.from(`${body.length.toString(16)}\r\n`)]
      : []),
    body,
    ...(framing === 'chunked' ? [Buffer.from('\r\n0\r\n\r\n')] : []),
    ...(ending === 'garbage' ? [Buffer.from(`${head}{"id":"x"}`)] : []),
  ]);
  const bytes = whole.subarray(0, cut);
  switch (ending) {
    case 'hang':
      socket.write(bytes);
      break;
    case 'endless':
      socket.write(bytes);
      pour(socket);
      break;
    case 'reset':
      socket.write(bytes, () => socket.resetAndDestroy());
      break;
    default:
      socket.end(bytes);
  }
}

function framingHeaders(
  framing: Lie['framing'],
  { length }: Buffer,
): Record<string, string> {
  switch (framing) {
    case 'chunked':
      return { 'transfer-encoding': 'chunked' };
    case 'none':
      return {};
    case 'absurd':
      return { 'content-length': '99999999999999999999' };
    case 'too long':
      return { 'content-length': String(length + 100_000_000) };
    case 'too short':
      return { 'content-length': String(Math.max(0, length - 3)) };
    default:
      return { 'content-length': String(length) };
  }
}

/** As much as the other side takes, until it takes no more. */
function pour(socket: Socket): void {
  while (!socket.destroyed && socket.write(BLOCK)) {}
  if (!socket.destroyed) {
    socket.once('drain', () => pour(socket));
  }
}
