import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { jsonFault, parsedBytes } from '../../wire/json-guard.js';
import type { JsonValue } from '../../wire/json.js';
import { refusals } from '../protocol.error.js';

const JSON_TYPE = /^application\/json *(?:;|$)/i;
const CHARSET = /; *charset *= *"?([^\s;"]+)/i;

/**
 * Throws a ProtocolError (415) unless the body is plain JSON in UTF-8. Another type, or none, is what
 * a page in a browser can post across sites without asking (PROTOCOL.md, section 1, body).
 */
export function checkJsonType({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    throw refusals.mediaType('the body must be application/json');
  }
  if (!/^utf-?8$/i.test(CHARSET.exec(type)?.[1] ?? 'utf-8')) {
    throw refusals.mediaType('the body must be in utf-8');
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw refusals.mediaType('the body must not be compressed');
  }
}

/**
 * Parses a body. Throws a ProtocolError (400) for what is no JSON, for nesting over the bound, and for
 * keys by which a careless merge would change prototypes.
 *
 * @param makeRoom for so many bytes in memory, before they are taken; throws where there is none
 */
export function parseJsonBody(
  raw: Buffer,
  maxDepth: number,
  makeRoom: (bytes: number) => void,
): JsonValue {
  if (!isUtf8(raw)) {
    throw refusals.invalidJson('the body is not UTF-8');
  }
  const bytes = parsedBytes(raw, maxDepth);
  if (bytes === undefined) {
    throw refusals.invalidJson(
      `the body is nested deeper than ${maxDepth} levels`,
    );
  }
  makeRoom(bytes);
  const text = raw.toString();
  const body = parse(text);
  if (mayNamePrototypes(text) && jsonFault(body, maxDepth)) {
    throw refusals.invalidJson(
      'the body has a key by which prototypes are changed',
    );
  }
  return body;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own message would repeat pieces of the body.
    throw refusals.invalidJson('the body is not valid JSON');
  }
}

/** The cheap question; an escape (`\u005f`) can spell any name. */
function mayNamePrototypes(text: string): boolean {
  return (
    text.includes('__proto__') ||
    text.includes('"constructor"') ||
    text.includes('\\u')
  );
}
