import { tracingChannel } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import type { Peer } from '../membership/index.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../wire/json.js';
import type { Broadcast } from './broadcast.js';

/** One side of a message, from its start to its end: what `peercloud:message.settled` and a MessageTracer get. */
export interface MessageTrace {
  /** Id of this peer. */
  readonly self: string;
  /** Which side of the message this is: that of `send()`, or that of the handler. */
  readonly side: 'sender' | 'handler';
  /** The other side. */
  readonly peer: Peer;
  /**
   * The `type` of the body, where it is a string. Of a channel's message: what the channel calls it, undefined
   * where it does not (ChannelTracing).
   */
  readonly pattern: string | undefined;
  /** The channel of an integration's message; undefined for one of the application. */
  readonly channel: string | undefined;
  /**
   * What travels beside the body. At the sender, strings that are added at the start travel too, in the order
   * in which they are added and as far as there is room in the 4,096 characters; the receiver needs the
   * feature `head`. At the handler: a copy of what has arrived.
   */
  readonly metadata: Record<string, string>;
  /** Ms from start to end, replies of several included; undefined before the end. */
  duration?: number;
  /** `OK`, or the code of the sender's error; undefined before the end. */
  outcome?: string;
  /** HTTP status of an outcome `BAD_STATUS`. */
  status?: number;
}

/**
 * A broadcast; each of its messages has a MessageTrace of its own. Where one message goes to all peers at once,
 * its metadata is the broadcast's.
 */
export interface BroadcastTrace extends Pick<
  MessageTrace,
  'self' | 'pattern' | 'channel' | 'metadata'
> {
  /** To how many peers it goes. */
  readonly peers: number;
}

/**
 * Runs what is done for a message, so that what it enters around it (an AsyncLocalStorage, a span) is there in
 * the work: at the handler, in the handler. Each method has to call `work` once, at once, and return what it
 * returns. It must not throw.
 */
export interface MessageTracer {
  /**
   * One side of a message.
   *
   * @param work settles with the message; the trace tells of the end by then
   */
  message<T>(trace: MessageTrace, work: () => Promise<T>): Promise<T>;
  /** A broadcast, around the messages that it is made of. */
  broadcast<T>(trace: BroadcastTrace, work: () => Broadcast<T>): Broadcast<T>;
}

/** What traces say of a channel's messages. An error in it counts as `undefined`. */
export interface ChannelTracing {
  /** What a message is called, as `type` names one of the application; undefined: it is not worth a name. */
  pattern(body: JsonObject): string | undefined;
  /** What a reply means that tells of a failure; undefined: `OK`. */
  failure?(reply: unknown): MessageVerdict | undefined;
}

/** How a message ended. */
export type MessageVerdict = Pick<MessageTrace, 'outcome' | 'status'>;

const OK: MessageVerdict = { outcome: 'OK' };

/**
 * From the sending of a message to its reply, or from the start of its handler to its end (MessageTrace): a
 * tracing channel, so that a span can be active meanwhile.
 */
export const settledChannel = tracingChannel<unknown, MessageTrace>(
  'peercloud:message.settled',
);

/** Who wants to know of messages, and of which channels there is something to tell. */
@Injectable()
export class MessageTraces {
  readonly #tracers = new Set<MessageTracer>();
  readonly #channels = new Map<string, ChannelTracing>();

  /** Whether anybody wants to know of messages. */
  get isOn(): boolean {
    return settledChannel.hasSubscribers || this.#tracers.size > 0;
  }

  /** @returns what ends it */
  add(tracer: MessageTracer): () => void {
    this.#tracers.add(tracer);
    return () => void this.#tracers.delete(tracer);
  }

  describe(channel: string, tracing: ChannelTracing): void {
    this.#channels.set(channel, tracing);
  }

  /** What a message is called: what its channel says, or the `type` of the body. */
  patternOf(channel: string | undefined, body: JsonValue): string | undefined {
    if (!isJsonObject(body)) {
      return undefined;
    }
    const name =
      channel === undefined
        ? body['type']
        : quietly(() => this.#channels.get(channel)?.pattern(body));
    return typeof name === 'string' ? name : undefined;
  }

  /** What a reply means that has arrived as one. */
  verdictOf(channel: string | undefined, reply: unknown): MessageVerdict {
    const failure =
      channel !== undefined &&
      quietly(() => this.#channels.get(channel)?.failure?.(reply));
    return failure || OK;
  }

  /**
   * Does what a trace is about.
   *
   * @param judge what its value means
   */
  message<T>(
    trace: MessageTrace,
    work: () => T | Promise<T>,
    judge: (value: T) => MessageVerdict,
  ): Promise<T> {
    let run = () => settling(trace, work, judge);
    for (const tracer of this.#tracers) {
      const inner = run;
      run = () => tracer.message(trace, inner);
    }
    return run();
  }

  /** Starts a broadcast. */
  broadcast<T>(trace: BroadcastTrace, work: () => Broadcast<T>): Broadcast<T> {
    let run = work;
    for (const tracer of this.#tracers) {
      const inner = run;
      run = () => tracer.broadcast(trace, inner);
    }
    return run();
  }
}

function settling<T>(
  trace: MessageTrace,
  work: () => T | Promise<T>,
  judge: (value: T) => MessageVerdict,
): Promise<T> {
  const start = performance.now();
  const settle = (verdict: object) =>
    Object.assign(trace, verdict, { duration: performance.now() - start });
  return settledChannel.tracePromise(async () => {
    try {
      const value = await work();
      settle(judge(value));
      return value;
    } catch (error) {
      const { code, status } = error as { code?: string; status?: number };
      settle({ outcome: code, ...(status !== undefined && { status }) });
      throw error;
    }
  }, trace);
}

/** What an integration says of what may be anything must not change what becomes of a message. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
