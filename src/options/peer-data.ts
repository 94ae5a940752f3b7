import { isJsonObject, type JsonObject } from '../wire/json.js';
import { OptionsError } from './option-checks.js';

/**
 * Reads what a peer says about itself, as the others will see it: what JSON makes of it, so that a
 * Date is a string here too. Throws an OptionsError for what JSON cannot carry.
 */
export function readData(value: unknown, path: string): JsonObject {
  if (value === undefined) {
    return {};
  }
  const data = throughJson(value, path);
  if (!isJsonObject(data)) {
    throw new OptionsError(path, value, 'must be a JSON object');
  }
  return data;
}

function throughJson(value: unknown, path: string): unknown {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new OptionsError(path, value, 'must be a JSON object', { cause });
  }
}
