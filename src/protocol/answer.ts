import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { errorBody, type ProtocolError } from './protocol.error.js';
import type { PeerRequest } from './peer-request.js';

/** The response as a controller gets it: Express hands out Node's own, Fastify wraps it. */
export type AdapterResponse =
  ServerResponse | { raw: ServerResponse; hijack(): unknown };

/** An answer with a status of its own; work that returns anything else is answered with 200. */
export class Answer {
  constructor(
    readonly status: number,
    /** Serialised as JSON. */
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
  if (response.headersSent || response.destroyed) {
    return;
  }
  const body = Buffer.from(JSON.stringify(answer.body) ?? '{}');
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    ...request?.signAnswer?.(answer.status, body),
  });
  response.end(body);
}

/** The answer that tells a remote of a refusal. */
export function refusalAnswer(error: ProtocolError): Answer {
  return new Answer(
    error.status,
    errorBody(error.status, error.message, error.code),
    error.headers,
  );
}
