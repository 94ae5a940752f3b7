/** Any value that JSON can carry. */
export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object: what every protocol body and every peer's `data` is. */
export type JsonObject = { [key: string]: JsonValue };

/** True for a plain JSON object: neither an array, nor null, nor a primitive. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON that bytes are; undefined where they are none. */
export function jsonOf(bytes: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(bytes.toString()) as JsonValue;
  } catch {
    return undefined;
  }
}

/** JSON that is text already: it is written as it is. */
export class JsonText {
  constructor(readonly text: string) {}
}

/** JSON with the keys of every object sorted and no space: one text for one value (RFC 8785). */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .toSorted()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/**
 * Bytes of a value as JSON in UTF-8, exactly, without making the text. The work ends soon above the
 * limit: a larger value is only known to be larger.
 * @param value what JSON can carry
 */
export function jsonBytes(value: unknown, limit = Infinity): number {
  if (typeof value === 'string') {
    return stringBytes(value, limit);
  }
  if (typeof value !== 'object' || value === null) {
    return String(value).length;
  }
  return Array.isArray(value)
    ? arrayBytes(value, limit)
    : objectBytes(value as Record<string, unknown>, limit);
}

function arrayBytes(values: readonly unknown[], limit: number): number {
  let bytes = BRACKETS + Math.max(0, values.length - 1);
  for (const value of values) {
    if (bytes > limit) {
      break;
    }
    bytes += jsonBytes(value, limit - bytes);
  }
  return bytes;
}

function objectBytes(values: Record<string, unknown>, limit: number): number {
  let bytes = BRACKETS;
  for (const key in values) {
    const value = values[key];
    if (value === undefined) {
      continue;
    }
    if (bytes > limit) {
      break;
    }
    const comma = bytes === BRACKETS ? 0 : 1;
    bytes += comma + stringBytes(key, limit - bytes) + COLON;
    bytes += jsonBytes(value, limit - bytes);
  }
  return bytes;
}

function stringBytes(text: string, limit: number): number {
  let bytes = QUOTES + text.length;
  for (let at = 0; at < text.length && bytes <= limit; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) {
      if (code < 0x20) {
        bytes += SHORT_ESCAPES.has(code) ? 1 : 5;
      } else if (code === QUOTE || code === BACKSLASH) {
        bytes++;
      }
    } else if (code < 0x800) {
      bytes++;
    } else if (code < 0xd800 || code > 0xdfff) {
      bytes += 2;
    } else if (isPair(code, text.charCodeAt(at + 1))) {
      // Two units here, four bytes there.
      bytes += 2;
      at++;
    } else {
      bytes += 5;
    }
  }
  return bytes;
}

/** True for the two halves of one character; a half by itself is written as an escape of six bytes. */
function isPair(first: number, second: number): boolean {
  return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff;
}

const BRACKETS = 2;
const QUOTES = 2;
const COLON = 1;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Control characters with an escape of two bytes; the others take six. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);
