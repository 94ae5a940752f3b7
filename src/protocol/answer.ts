import type {
  IncomingMessage,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import { errorBody } from '../wire/bodies.js';
import { JsonText } from '../wire/json.js';
import type { PeerRequest } from './gate/peer-request.js';
import type { ProtocolError } from './protocol.error.js';

/** Bytes of a refused body that are still taken off the socket. */
const DRAIN_BYTES = 4 * 1024 * 1024;

/** Ms that a refused client may still be sending. */
const DRAIN_MS = 2000;

/** The response as a controller gets it: Express hands out Node's own, Fastify wraps it. */
export type AdapterResponse =
  ServerResponse | { raw: ServerResponse; hijack(): unknown };

/** What signs an answer, where the cloud is signed. */
type Signing = Pick<PeerRequest, 'signAnswer'>;

/** An answer with a status of its own; work that returns anything else is answered with 200. */
export class Answer {
  constructor(
    readonly status: number,
    /** Serialised as JSON; a JsonText as it is. */
    readonly body: unknown,
    readonly headers: OutgoingHttpHeaders = {},
  ) {}
}

/** The answer that tells a remote of a refusal. */
export function refusalAnswer(error: ProtocolError): Answer {
  return new Answer(
    error.status,
    errorBody(error.status, error.message, error.code),
    error.headers,
  );
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
  signing?: Signing,
): void {
  if (isOpen(response)) {
    response.end(writeHead(response, answer, signing));
  }
}

/**
 * Answers a request whose body is not, or not wholly, read. A socket that is closed while the client
 * is still sending takes the answer with it, so the rest is thrown away first, within bounds; who
 * sends more than that loses the connection.
 */
export function refuseAndDrain(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
  signing?: Signing,
): void {
  if (incoming.complete) {
    writeAnswer(outgoing, answer, signing);
  } else if (isOpen(outgoing)) {
    outgoing.write(writeHead(outgoing, answer, signing));
    drain(incoming, () => outgoing.end());
  }
}

function isOpen(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed;
}

/** Writes the head of an answer and returns its body. */
function writeHead(
  response: ServerResponse,
  { status, body, headers }: Answer,
  signing: Signing | undefined,
): Buffer {
  const bytes = answerBytes(body);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    // Compression of the app, or a cache on the way, would make it another answer than the signed one.
    'cache-control': 'no-store, no-transform',
    ...signing?.signAnswer?.(status, bytes),
  });
  return bytes;
}

/** The body of an answer as it goes out. */
export function answerBytes(body: unknown): Buffer {
  return Buffer.from(
    body instanceof JsonText ? body.text : (JSON.stringify(body) ?? '{}'),
  );
}

function drain(incoming: IncomingMessage, done: () => void): void {
  let left = DRAIN_BYTES;
  const cut = () => incoming.socket.destroy();
  const timer = setTimeout(cut, DRAIN_MS);
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) {
      cut();
    }
  });
  incoming.once('end', done);
  incoming.once('close', () => clearTimeout(timer));
  incoming.on('error', () => clearTimeout(timer));
  incoming.resume();
}
