import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { JsonText } from '../wire/json-text.js';
import { errorBody, type ProtocolError } from './protocol.error.js';
import type { PeerRequest } from './peer-request.js';

/** The response as a controller gets it: Express hands out Node's own, Fastify wraps it. */
export type AdapterResponse =
  ServerResponse | { raw: ServerResponse; hijack(): unknown };

/** An answer with a status of its own; work that returns anything else is answered with 200. */
export class Answer {
  constructor(
    readonly status: number,
    /** Serialised as JSON; a JsonText as it is. */
    readonly body: unknown,
    readonly headers: OutgoingHttpHeaders = {},
  ) {}
}

/**
 * Takes the response away from the framework, so that no interceptor, filter or serialiser of the app
 * changes what the wire sees. To be called before the first await of a controller method.
 */
export function takeOver(response: AdapterResponse): ServerResponse {
  if ('hijack' in response) {
    response.hijack();
    return response.raw;
  }
  return response;
}

/** Writes a whole JSON answer, signed where the cloud is. Does nothing if an answer has begun or the client is gone. */
export function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  request?: Pick<PeerRequest, 'signAnswer'>,
): void {
  if (!isOpen(response)) {
    return;
  }
  response.end(writeHead(response, answer, request));
}

/** Like writeAnswer, but leaves the response open; false if there is nobody to answer. */
export function beginAnswer(
  response: ServerResponse,
  answer: Answer,
  request?: Pick<PeerRequest, 'signAnswer'>,
): boolean {
  if (!isOpen(response)) {
    return false;
  }
  response.write(writeHead(response, answer, request));
  return true;
}

function isOpen(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed;
}

/** Writes the head of an answer and returns its body. */
function writeHead(
  response: ServerResponse,
  { status, body, headers }: Answer,
  request: Pick<PeerRequest, 'signAnswer'> | undefined,
): Buffer {
  const bytes = Buffer.from(
    body instanceof JsonText ? body.text : (JSON.stringify(body) ?? '{}'),
  );
  // An app that lets every origin read its answers does not mean these.
  response.removeHeader('access-control-allow-origin');
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    // Compression of the app, or a cache on the way, would make it another answer than the signed one.
    'cache-control': 'no-store, no-transform',
    ...request?.signAnswer?.(status, bytes),
  });
  return bytes;
}

/** The answer that tells a remote of a refusal. */
export function refusalAnswer(error: ProtocolError): Answer {
  return new Answer(
    error.status,
    errorBody(error.status, error.message, error.code),
    error.headers,
  );
}
