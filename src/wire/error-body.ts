import { STATUS_CODES } from 'node:http';
import type { JsonObject } from './json.js';

/** The body of a non-2xx answer: Nest's own shape plus a stable code (PROTOCOL.md, section 1, errors). */
export function errorBody(
  statusCode: number,
  message: string,
  code?: string,
): JsonObject {
  const error = STATUS_CODES[statusCode] ?? 'Error';
  return code === undefined
    ? { statusCode, error, message }
    : { statusCode, error, message, code };
}
