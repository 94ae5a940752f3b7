import { errors } from 'undici';
import { messageOf } from '../errors/error-text.js';
import { TransportError, type TransportErrorCode } from './transport.error.js';

/**
 * What an undici or socket error means for the caller; TransportErrors pass through. `started` says
 * that the request was given to a connection, so that the peer may have it.
 */
export function toTransportError(
  error: unknown,
  to: string,
  started: boolean,
): TransportError {
  if (error instanceof TransportError) {
    return error;
  }
  const code = errorCode(error);
  const text = `${to}: ${describe(error, code)}`;
  const kind = isUnreadable(error) ? 'BAD_ANSWER' : classify(code, started);
  return new TransportError(kind, text, { cause: error });
}

function classify(
  code: string | undefined,
  started: boolean,
): TransportErrorCode {
  if (!started) {
    return code === 'ECONNREFUSED' ? 'REFUSED' : 'UNREACHABLE';
  }
  return 'CONNECTION_LOST';
}

/** True for errors of undici's parser: what came back is not HTTP, or its headers are too large. */
function isUnreadable(error: unknown): boolean {
  return (
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError
  );
}

/** The code of an error; for a name with several addresses, the one that all attempts share. */
function errorCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const codes = new Set(error.errors.map((inner) => errorCode(inner)));
    return codes.size === 1 ? [...codes][0] : undefined;
  }
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describe(error: unknown, code: string | undefined): string {
  const message = messageOf(error);
  return message || code || 'failed';
}
