import fc from 'fast-check';

const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 16;
const MAX_RECORD_BYTES = 64 * 1024;

/** What somebody on the way does to the records of one direction of a sealed stream. */
export interface Tampering {
  kind:
    | 'nothing'
    | 'flip'
    | 'swap'
    | 'repeat'
    | 'leave out'
    | 'cut'
    | 'insert'
    | 'reflect';
  /** Which record it is done to, counted round. */
  record: number;
  /** Which bit, or byte, of it, counted round. */
  place: number;
  /** Bytes of each write; their borders have nothing to do with those of the records. */
  sizes: readonly number[];
}

/** What goes out instead of the records. */
export interface Tampered {
  pieces: Buffer[];
  /** Records at the start that are as they were: no more than these may be believed. */
  intact: number;
  /** The receiver can tell from what came that it is not genuine, and has to end the stream. */
  breaks: boolean;
}

export const tamperings: fc.Arbitrary<Tampering> = fc.record({
  kind: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Tampering['kind']>('nothing') },
    { weight: 4, arbitrary: fc.constant<Tampering['kind']>('flip') },
    {
      weight: 6,
      arbitrary: fc.constantFrom<Tampering['kind']>(
        ...(['swap', 'repeat', 'leave out', 'insert', 'reflect'] as const),
        'cut',
      ),
    },
  ),
  record: fc.nat({ max: 100 }),
  place: fc.nat({ max: 1_000_000 }),
  sizes: fc.oneof(
    { weight: 2, arbitrary: fc.constant([1 << 20]) },
    fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
  ),
});

/** @param foreign a record of the other direction of the same stream */
export function tamper(
  records: readonly Buffer[],
  { kind, record, place, sizes }: Tampering,
  foreign: Buffer,
): Tampered {
  const at = record % records.length;
  const target = records[at]!;
  const before = records.slice(0, at);
  const after = records.slice(at + 1);
  const cutTo = (
    parts: readonly Buffer[],
    intact: number,
    breaks: boolean,
  ) => ({
    pieces: cut(Buffer.concat(parts), sizes),
    intact,
    breaks,
  });
  switch (kind) {
    case 'nothing':
      return cutTo(records, records.length, false);
    case 'flip': {
      const flipped = flip(target, place);
      const rest = Buffer.concat([flipped, ...after]);
      return cutTo([...before, rest], at, isWhole(rest));
    }
    case 'swap': {
      const [next, ...others] = after;
      if (!next) {
        return cutTo(before, at, false);
      }
      return cutTo([...before, next, target, ...others], at, true);
    }
    case 'repeat':
      return cutTo([...before, target, target, ...after], at + 1, true);
    case 'leave out':
      return cutTo([...before, ...after], at, after.length > 0);
    case 'cut':
      return cutTo(
        [...before, target.subarray(0, place % target.length)],
        at,
        false,
      );
    case 'insert': {
      const forged = Buffer.from(target);
      forged.fill(place & 255, LENGTH_BYTES, HEADER_BYTES);
      return cutTo([...before, forged, target, ...after], at, true);
    }
    case 'reflect':
      return cutTo([...before, foreign, target, ...after], at, true);
  }
}

function flip(record: Buffer, place: number): Buffer {
  const flipped = Buffer.from(record);
  flipped[place % record.length]! ^= 1 << (place & 7);
  return flipped;
}

/** True if there is a whole record, or one that cannot be: what lacks bytes might still be completed. */
function isWhole(bytes: Buffer): boolean {
  const length = bytes.readUInt32BE(0);
  const cannotBe = length === 0 || length > MAX_RECORD_BYTES;
  return cannotBe || bytes.length >= HEADER_BYTES + length;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + sizes[turn % sizes.length]!;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
