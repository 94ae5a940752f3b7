import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginAnswer, writeAnswer, type Answer } from './answer.js';
import type { PeerRequest } from './peer-request.js';

/** Bytes of a refused body that are still taken off the socket. */
const DRAIN_BYTES = 4 * 1024 * 1024;

/** Ms that a refused client may still be sending. */
const DRAIN_MS = 2000;

/**
 * Answers a request whose body is not, or not wholly, read. A socket that is closed while the client
 * is still sending takes the answer with it, so the rest is thrown away first, within bounds; who
 * sends more than that loses the connection.
 */
export function refuseAndDrain(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
  request?: Pick<PeerRequest, 'signAnswer'>,
): void {
  if (incoming.complete) {
    writeAnswer(outgoing, answer, request);
  } else if (beginAnswer(outgoing, answer, request)) {
    drain(incoming, () => outgoing.end());
  }
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
