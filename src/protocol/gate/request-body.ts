import type { IncomingMessage } from 'node:http';
import type { BodyAccount } from '../../security/index.js';
import { ChunkList } from '../../util/chunk-list.js';
import { refusals } from '../protocol.error.js';
import { isUtf8 } from 'node:buffer';
import { jsonFault, parsedBytes } from '../../wire/json-guard.js';
import type { JsonValue } from '../../wire/json.js';

/** Seconds after which a body that found no room may be sent again. */
const RETRY_AFTER = 1;

/** Bounds of one request's body. */
export interface BodyBounds {
  maxBytes: number;
  /** Ms from the start of reading until the last byte. */
  timeout: number;
  /** Its share of what all bodies may take together; it stays open. */
  account: BodyAccount;
}

/** The client went away before its body was complete: nobody is left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** True where a request says that a body follows. */
export function announcesBody(incoming: IncomingMessage): boolean {
  const { 'transfer-encoding': encoding, 'content-length': length } =
    incoming.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Throws a ProtocolError (413) where the announced length is over the bound; nothing has been read then. */
export function checkAnnouncedLength(
  incoming: IncomingMessage,
  maxBytes: number,
): void {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
    throw refusals.tooLarge(maxBytes);
  }
}

/**
 * Reads a body as it is on the wire. Rejects with a ProtocolError (413 over the size, 408 over the time,
 * 429 over what all bodies may take) or a ClientGoneError; the rest of the body is then still to come, and paused. A body that something
 * else has read is an Error: nobody can tell what was in it.
 */
export function readRawBody(
  incoming: IncomingMessage,
  { maxBytes, timeout, account }: BodyBounds,
): Promise<Buffer> {
  if (incoming.readableEnded) {
    // A middleware of the app was faster, and an end that has passed does not come again.
    return Promise.reject(new Error('the body had been read already'));
  }
  return new Promise((resolve, reject) => {
    const body = new ChunkList();
    const timer = setTimeout(() => fail(refusals.tooSlow()), timeout);
    const detach = () => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd);
      incoming.off('close', onGone).off('error', onGone);
    };
    const fail = (error: Error) => {
      detach();
      incoming.pause();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      const size = body.size + chunk.length;
      if (size > maxBytes) {
        fail(refusals.tooLarge(maxBytes));
        return;
      }
      if (!account.grow(size)) {
        fail(refusals.tooMany(RETRY_AFTER));
        return;
      }
      body.push(chunk);
    };
    const onEnd = () => {
      detach();
      resolve(body.take());
    };
    const onGone = () => fail(new ClientGoneError('the client went away'));
    incoming.on('data', onData).once('end', onEnd);
    incoming.once('close', onGone).once('error', onGone);
  });
}

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
