import type { JsonValue } from './json.js';

/**
 * Levels of arrays and objects in a member's `data`. It travels inside of other bodies, at most four
 * levels down, and has to stay within what every peer reads there: one record that is nested too deep
 * would have all news refused that it travels with.
 */
export const MAX_DATA_DEPTH = 32;

/**
 * True for `data` that every peer reads: not nested too deep, and without the keys by which a careless
 * merge would change prototypes, for which bodies are refused as a whole.
 */
export function isSoundData(
  value: JsonValue,
  levels: number = MAX_DATA_DEPTH,
): boolean {
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  if (levels === 0) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.every((item) => isSoundData(item, levels - 1));
  }
  return Object.entries(value).every(
    ([key, inner]) =>
      !changesPrototypes(key, inner) && isSoundData(inner, levels - 1),
  );
}

function changesPrototypes(key: string, value: JsonValue): boolean {
  return (
    key === '__proto__' ||
    (key === 'constructor' &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, 'prototype'))
  );
}
