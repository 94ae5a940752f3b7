import { isSoundData, MAX_DATA_DEPTH } from '../wire/json-guard.js';
import { deepFreeze } from '../util/deep-freeze.js';
import { isJsonObject, type JsonObject } from '../wire/json.js';
import { OptionsError } from './option-checks.js';

const RULE = 'must be a JSON object';

/**
 * Reads what a peer says about itself, as the others will see it: what JSON makes of it, frozen, so that
 * a Date is a string here too.
 *
 * @throws OptionsError for what JSON cannot carry
 */
export function readData(
  value: unknown,
  path: string,
  maxBytes: number,
): JsonObject {
  if (value === undefined) {
    return {};
  }
  const text = toJson(value, path);
  const data: unknown = JSON.parse(text);
  if (!isJsonObject(data)) {
    throw new OptionsError(path, value, RULE);
  }
  if (!isSoundData(data)) {
    throw new OptionsError(
      path,
      value,
      `must have at most ${MAX_DATA_DEPTH} levels, and no key __proto__ or constructor.prototype: other peers would refuse it`,
    );
  }
  if (Buffer.byteLength(text) > maxBytes) {
    throw new OptionsError(
      path,
      value,
      `must be ${maxBytes} bytes of JSON at most: every peer keeps it in memory; limits.maxDataBytes raises that for peers that all have it`,
    );
  }
  return deepFreeze(data);
}

function toJson(value: unknown, path: string): string {
  try {
    return (JSON.stringify(value) as string | undefined) ?? 'null';
  } catch (cause) {
    throw new OptionsError(path, value, RULE, { cause });
  }
}
