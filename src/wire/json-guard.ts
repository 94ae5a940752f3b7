import type { JsonValue } from './json.js';

/**
 * Levels of arrays and objects in a member's `data`. It travels inside of other bodies, at most four
 * levels down, and has to stay within what every peer reads there: one record that is nested too deep
 * would have all updates refused that it travels with.
 */
export const MAX_DATA_DEPTH = 32;

/** Why an application should not get a value: nesting over the bound, or keys by which a careless merge would change prototypes. */
export type JsonFault = 'depth' | 'prototypes';

/**
 * What is wrong with a value that came from outside, or is to go out; undefined for a sound one. One walk
 * answers both questions, leaves nothing to be collected, and goes no deeper than the bound.
 * @param maxDepth levels of arrays and objects
 */
export function jsonFault(
  value: JsonValue | undefined,
  maxDepth: number,
): JsonFault | undefined {
  return typeof value === 'object' && value !== null
    ? faultOf(value, maxDepth)
    : undefined;
}

/** True for `data` that every peer reads. */
export function isSoundData(data: JsonValue): boolean {
  return jsonFault(data, MAX_DATA_DEPTH) === undefined;
}

/** Bytes that an array or object takes in memory, with its place in another one. */
const CONTAINER_BYTES = 72;

/** Bytes of a place in an array, or of a property, with the number that may stand there. */
const PLACE_BYTES = 24;

/**
 * How many bytes a JSON text will take once it is parsed, at a guess, by its brackets and commas outside of
 * strings; undefined if arrays and objects are nested deeper than `maxDepth` in it. So a text that is too
 * deep, or that unfolds to many times its size, is known before it is parsed.
 */
export function parsedBytes(raw: Buffer, maxDepth: number): number | undefined {
  let depth = 0;
  let inString = false;
  let bytes = raw.length;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!;
    if (inString) {
      if (byte === BACKSLASH) {
        at++;
      } else if (byte === QUOTE) {
        inString = false;
      }
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxDepth) {
        return undefined;
      }
      bytes += CONTAINER_BYTES;
    } else if (byte === COMMA || byte === COLON) {
      bytes += PLACE_BYTES;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    }
  }
  return bytes;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function faultOf(
  value: JsonValue[] | { [key: string]: JsonValue },
  levels: number,
): JsonFault | undefined {
  if (levels === 0) {
    return 'depth';
  }
  // The keys of an array are its places: they cost more than the items.
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = jsonFault(item, levels - 1);
      if (fault !== undefined) {
        return fault;
      }
    }
    return undefined;
  }
  for (const key in value) {
    const inner = value[key]!;
    const fault = changesPrototypes(key, inner)
      ? 'prototypes'
      : jsonFault(inner, levels - 1);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

/** `__proto__`, or a `constructor` that has a `prototype`. */
function changesPrototypes(key: string, value: JsonValue): boolean {
  return (
    key === '__proto__' ||
    (key === 'constructor' &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, 'prototype'))
  );
}
