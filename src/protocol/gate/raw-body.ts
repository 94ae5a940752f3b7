import type { IncomingMessage } from 'node:http';
import type { BodyAccount } from '../../security/index.js';
import { ChunkList } from '../../util/chunk-list.js';
import { refusals } from '../protocol.error.js';

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
