import type { JsonValue } from '../../index.js';

/** Where a piece of binary data was, and its bytes in base64. */
export type BinaryPart = [path: (string | number)[], base64: string];

/** A value as JSON carries it: its binary data stands beside it. */
export interface Packed {
  value: unknown;
  /** Absent where there is none. */
  bin?: BinaryPart[];
}

/** Takes the binary data out of a value, which is not changed. `null` stands in its place. */
export function pack(value: unknown): Packed {
  if (!hasBinary(value)) {
    return { value };
  }
  const bin: BinaryPart[] = [];
  return { value: take(value, [], bin), bin };
}

/**
 * Puts the binary data back, as Buffers.
 *
 * @throws TypeError for a path that leads nowhere
 */
export function unpack(value: JsonValue, bin: readonly BinaryPart[]): unknown {
  const root = { value: value as unknown };
  for (const [path, base64] of bin) {
    const steps = ['value', ...path];
    const last = steps.pop()!;
    let at: unknown = root;
    for (const step of steps) {
      at = member(at, step);
    }
    if (member(at, last) !== null) {
      throw new TypeError('a place of binary data is taken');
    }
    (at as Record<string | number, unknown>)[last] = Buffer.from(
      base64,
      'base64',
    );
  }
  return root.value;
}

function member(of: unknown, key: string | number): unknown {
  if (typeof of !== 'object' || of === null || !Object.hasOwn(of, key)) {
    throw new TypeError('a path of binary data leads nowhere');
  }
  return (of as Record<string | number, unknown>)[key];
}

function hasBinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (isBinary(value)) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some(hasBinary);
  }
  const json = withoutToJson(value);
  return json === value
    ? Object.values(value).some(hasBinary)
    : hasBinary(json);
}

function take(
  value: unknown,
  path: (string | number)[],
  bin: BinaryPart[],
): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (isBinary(value)) {
    bin.push([path, bytesOf(value).toString('base64')]);
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((each, index) => take(each, [...path, index], bin));
  }
  const json = withoutToJson(value);
  return json === value
    ? Object.fromEntries(
        Object.entries(value).map(([key, each]) => [
          key,
          take(each, [...path, key], bin),
        ]),
      )
    : take(json, path, bin);
}

/** What JSON would write of an object; itself where it has no `toJSON()`. */
function withoutToJson(value: object): unknown {
  return 'toJSON' in value && typeof value.toJSON === 'function'
    ? (value.toJSON as () => unknown)()
    : value;
}

function isBinary(value: object): value is ArrayBuffer | ArrayBufferView {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Buffer {
  return value instanceof ArrayBuffer
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
