import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Peer } from '../membership/index.js';
import { isJsonObject, type JsonValue } from '../wire/json.js';

/** What `peercloud:message.sent` and `peercloud:message.received` carry. */
export interface MessageNotice {
  /** Id of this peer: a process can have several. */
  self: string;
  /** The other side: the receiver of what was sent, the sender of what was received. */
  peer: Peer;
  body: JsonValue;
}

/** What `peercloud:message.failed` carries. */
export interface MessageFailureNotice extends MessageNotice {
  /** What `send()` rejects with, or what the result of the broadcast carries. */
  error: Error;
}

/**
 * Channels of `node:diagnostics_channel` about each message; they cost nothing while nobody listens.
 * `sent`: a message is on its way (MessageNotice).
 */
export const sentChannel = channel('peercloud:message.sent');

/** A message has arrived, and its handler is about to run (MessageNotice). */
export const receivedChannel = channel('peercloud:message.received');

/** A message that this peer sent has no reply (MessageFailureNotice). */
export const failedChannel = channel('peercloud:message.failed');

/** What `peercloud:message.settled` carries, from its start to its end. */
export interface MessageTrace {
  /** Id of this peer. */
  readonly self: string;
  /** Which side of the message this is: that of `send()`, or that of the handler. */
  readonly side: 'sender' | 'handler';
  /** The other side. */
  readonly peer: Peer;
  /** The `type` of the body, where it is a string. */
  readonly pattern: string | undefined;
  /** The channel of an integration's message; undefined for one of the application. */
  readonly channel: string | undefined;
  /** Ms from start to end, replies of several included; undefined before the end. */
  duration?: number;
  /** `OK`, or the code of the sender's error; undefined before the end. */
  outcome?: string;
  /** HTTP status of an outcome `BAD_STATUS`. */
  status?: number;
}

/**
 * From the sending of a message to its reply, or from the start of its handler to its end (MessageTrace): a
 * tracing channel, so that a span can be active meanwhile.
 */
export const settledChannel = tracingChannel<unknown, MessageTrace>(
  'peercloud:message.settled',
);

/**
 * Does what a trace is about, while somebody listens.
 * @param judge what its value means, where it is not always `OK`
 */
export function traceMessage<T>(
  trace: MessageTrace,
  work: () => T | Promise<T>,
  judge?: (value: T) => Pick<MessageTrace, 'outcome' | 'status'>,
): Promise<T> {
  const start = performance.now();
  const settle = (verdict: object) =>
    Object.assign(trace, verdict, { duration: performance.now() - start });
  return settledChannel.tracePromise(async () => {
    try {
      const value = await work();
      settle(judge?.(value) ?? { outcome: 'OK' });
      return value;
    } catch (error) {
      const { code, status } = error as { code?: string; status?: number };
      settle({ outcome: code, ...(status !== undefined && { status }) });
      throw error;
    }
  }, trace);
}

/** The `type` of a body, by which handlers are chosen and spans are named. */
export function patternOf(body: JsonValue): string | undefined {
  const type = isJsonObject(body) ? body['type'] : undefined;
  return typeof type === 'string' ? type : undefined;
}
