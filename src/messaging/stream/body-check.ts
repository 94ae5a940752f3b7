import { isJsonObject, type JsonValue } from '../../wire/json.js';

/** True for a text of more bytes than that; counts them only where the characters leave it open. */
export function isLarger(text: string, maxBytes: number): boolean {
  return (
    text.length > maxBytes ||
    (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)
  );
}

/**
 * True if a body of this line may name prototypes: the cheap question, asked once for a line of many
 * bodies. An escape (`\u005f`) can spell any name.
 */
export function mayNamePrototypes(line: string): boolean {
  return (
    line.includes('__proto__') ||
    line.includes('constructor"') ||
    line.includes('\\u')
  );
}

/** `__proto__` anywhere, or a `constructor` that has a `prototype`: what a careless merge trips over. */
export function namesPrototypes(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.some(namesPrototypes);
  }
  return Object.entries(value).some(
    ([key, inner]) =>
      key === '__proto__' ||
      (key === 'constructor' &&
        isJsonObject(inner) &&
        Object.hasOwn(inner, 'prototype')) ||
      namesPrototypes(inner),
  );
}

/** True if arrays and objects are nested deeper than that. */
export function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  const parts = Array.isArray(value) ? value : Object.values(value);
  return parts.some((part) => isDeeperThan(part, levels - 1));
}
