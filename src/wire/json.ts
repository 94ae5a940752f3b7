/** Any value that JSON can carry. */
export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object: what every protocol body and every peer's `data` is. */
export type JsonObject = { [key: string]: JsonValue };

/** True for a plain JSON object: neither an array, nor null, nor a primitive. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON that is text already: it is written as it is. */
export class JsonText {
  constructor(readonly text: string) {}
}
