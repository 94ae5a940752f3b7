import {
  canonicalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';

/**
 * Which messages a handler gets: a string means the body's `type`, an object matches every body that
 * holds at least these values (nested objects likewise, arrays as a whole).
 */
export type MessagePattern = string | JsonObject;

/** How a leaf of a pattern is compared: a primitive by value, an array as a whole, `{}` with any object. */
export type LeafKind = 'value' | 'array' | 'object';

/** One leaf of a pattern: where it stands and what has to be there. */
export interface PatternLeaf {
  path: readonly string[];
  kind: LeafKind;
  /** What a body's value at that place is compared with, by `===` of Map keys. */
  key: JsonValue;
}

/**
 * Takes a pattern apart into its leaves, in an order that does not depend on how it was written.
 * No pattern has no leaves and matches everything.
 *
 * @throws TypeError for a pattern that is not JSON, with the place that is wrong
 */
export function readPattern(pattern: unknown): PatternLeaf[] {
  if (pattern === undefined) {
    return [];
  }
  const object = typeof pattern === 'string' ? { type: pattern } : pattern;
  if (!isPlainObject(object)) {
    throw new TypeError('a pattern is a string or a plain object');
  }
  const leaves: PatternLeaf[] = [];
  collect(object, [], leaves);
  return leaves.sort((a, b) => compare(leafShape(a), leafShape(b)));
}

/** Text that is the same for two leaves with the same place and kind. */
export function leafShape({ path, kind }: PatternLeaf): string {
  return JSON.stringify([path, kind]);
}

/** A body's value as a pattern's leaf sees it; undefined where it cannot match. */
export function leafKey(value: unknown, kind: LeafKind): JsonValue | undefined {
  switch (kind) {
    case 'value':
      return value === null || typeof value !== 'object'
        ? (value as JsonValue)
        : undefined;
    case 'array':
      return Array.isArray(value)
        ? canonicalJson(value as JsonValue[])
        : undefined;
    case 'object':
      return isJsonObject(value) ? true : undefined;
  }
}

function collect(
  object: Record<string, unknown>,
  path: readonly string[],
  into: PatternLeaf[],
): void {
  for (const [name, value] of Object.entries(object)) {
    const place = [...path, name];
    if (isPlainObject(value) && Object.keys(value).length > 0) {
      collect(value, place, into);
    } else {
      const kind = leafKind(value, place);
      const asSent: unknown = JSON.parse(JSON.stringify(value));
      into.push({ path: place, kind, key: leafKey(asSent, kind) ?? null });
    }
  }
}

function leafKind(value: unknown, path: readonly string[]): LeafKind {
  if (Array.isArray(value)) {
    return 'array';
  }
  if (isPlainObject(value)) {
    return 'object';
  }
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    Number.isFinite(value)
  ) {
    return 'value';
  }
  throw new TypeError(`its "${path.join('.')}" is not JSON`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
