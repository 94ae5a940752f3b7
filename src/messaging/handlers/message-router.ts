import type { IncomingHttpHeaders } from 'node:http';
import {
  CHANNEL_HEADER,
  isMessageHead,
  METADATA_HEADER,
  type MessageHead,
  type MessageMetadata,
} from '../../wire/message-head.js';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { messageOf, stackOf } from '../../errors/error-text.js';
import type { MembershipCore, Peer } from '../../membership/index.js';
import { MEMBERSHIP_CORE } from '../../options/peer-cloud.tokens.js';
import { isSuccess } from '../../wire/endpoints.js';
import { OwnContext } from '../../util/own-context.js';
import type { JsonValue } from '../../wire/json.js';
import { InvalidHandlerError } from '../messaging.errors.js';
import type { MessageHandler } from './message-handler.factory.js';
import { readPattern, type PatternLeaf } from './message-pattern.js';
import { PatternIndex } from './pattern-index.js';
import { receivedChannel } from '../message-channels.js';
import { MessageTraces, type MessageVerdict } from '../message-traces.js';
import {
  FAILED,
  NO_CHANNEL,
  NO_HANDLER,
  NO_MORE,
  refused,
  replied,
  type MessageOutcome,
} from './message-outcome.js';
import {
  bringAll,
  isSeveral,
  lastOf,
  type ReplySink,
} from './several-replies.js';
import {
  channelTaken,
  handlerFailed,
  handlerIsThereTwice,
  patternInvalid,
  patternTaken,
  type HandledMessage,
} from '../messaging.messages.js';

/** What a message without metadata has. */
export const NO_METADATA: MessageMetadata = Object.freeze({});

/** The head in a request's headers: undefined where there is none, `'invalid'` for one that breaks the rules. */
export function headOf(
  headers: IncomingHttpHeaders,
): MessageHead | undefined | 'invalid' {
  const channel = headers[CHANNEL_HEADER];
  const metadata = headers[METADATA_HEADER];
  if (channel === undefined && metadata === undefined) {
    return undefined;
  }
  try {
    const head: unknown = {
      channel,
      metadata:
        metadata === undefined ? undefined : JSON.parse(String(metadata)),
    };
    return isMessageHead(head) ? head : 'invalid';
  } catch {
    return 'invalid';
  }
}

/** Who owns keys; the folder `keys` knows. */
export interface KeyRouting {
  /** Passes a message on to the key's owner; undefined where that is this peer. The promise never rejects. */
  passOn(
    key: string,
    body: JsonValue,
    metadata: MessageMetadata,
  ): Promise<MessageOutcome> | undefined;
}

/** Runs a handler that was found. */
type Invoke = (
  handler: MessageHandler,
  body: JsonValue,
  sender: Peer,
  head: MessageHead | undefined,
  replies: ReplySink | undefined,
  isOwner?: boolean,
) => MessageOutcome | Promise<MessageOutcome>;

/**
 * Brings each message to its handler, by the rules of `/message` (PROTOCOL.md, section 2), whichever lane
 * it came by. Nothing that a handler does gets past it.
 */
@Injectable()
export class MessageRouter {
  readonly #logger = new Logger('PeerCloud');
  readonly #handlers = new PatternIndex<MessageHandler>();
  readonly #channels = new Map<string, MessageHandler>();
  readonly #context = new OwnContext();
  #keys: KeyRouting | undefined;

  readonly #core: MembershipCore;
  readonly #traces: MessageTraces;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    traces: MessageTraces,
  ) {
    this.#core = core;
    this.#traces = traces;
  }

  /** False in an application without any handler: every message is then answered with `{}`. */
  get hasHandlers(): boolean {
    return this.#handlers.size > 0;
  }

  /** @throws InvalidHandlerError for a pattern that is no JSON, or that another handler has */
  register(pattern: unknown, handler: MessageHandler): void {
    const taken = this.#handlers.add(leavesOf(pattern, handler), handler);
    if (taken) {
      throw new InvalidHandlerError(
        handler.name,
        handler.place && handler.name === taken.name
          ? handlerIsThereTwice(handler.name, taken.place!, handler.place)
          : patternTaken(handler.name, taken.name),
      );
    }
  }

  /**
   * Gives a channel its handler; returns what takes it away.
   *
   * @throws InvalidHandlerError for a channel that has one
   */
  registerChannel(name: string, invoke: MessageHandler['invoke']): () => void {
    const handler = { name: `the handler of channel ${name}`, invoke };
    if (this.#channels.has(name)) {
      throw new InvalidHandlerError(handler.name, channelTaken(name));
    }
    this.#channels.set(name, handler);
    return () => {
      if (this.#channels.get(name) === handler) {
        this.#channels.delete(name);
      }
    };
  }

  /** Lets handlers have keys; KeysService does it. */
  bindKeys(keys: KeyRouting): void {
    this.#keys = keys;
  }

  /**
   * Runs the handler of a message; never rejects.
   * @param replies takes the replies of a handler that has several; without it, the last one is the outcome
   * @param isOwner true: it has been found out that this peer is to handle it, whatever its key is, in a message
   *   of a channel
   */
  async dispatch(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
    replies?: ReplySink,
    isOwner = false,
  ): Promise<MessageOutcome> {
    return this.run(body, sender, head, replies, isOwner);
  }

  /**
   * The same without a promise where the handler needs none. Handlers start in the order of the calls.
   * Never throws, and the promise never rejects.
   */
  run(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
    replies?: ReplySink,
    isOwner = false,
  ): MessageOutcome | Promise<MessageOutcome> {
    // What comes to the owner of its key is traced as a message of that channel.
    const invoke = this.#traces.isOn && !isOwner ? this.#traced : this.#invoke;
    if (head?.channel !== undefined) {
      const handler = this.#channels.get(head.channel);
      return handler
        ? this.#context.run(invoke, handler, body, sender, head, replies)
        : NO_CHANNEL;
    }
    if (receivedChannel.hasSubscribers) {
      receivedChannel.publish({ self: this.#core.id, peer: sender, body });
    }
    const handler = this.#handlers.find(body);
    if (!handler) {
      return this.hasHandlers ? NO_HANDLER : replied(undefined);
    }
    return this.#context.run(
      invoke,
      handler,
      body,
      sender,
      head,
      replies,
      isOwner,
    );
  }

  /** The same while somebody wants to know. */
  readonly #traced: Invoke = (handler, body, sender, head, ...rest) => {
    const channel = head?.channel;
    return this.#traces.message(
      {
        self: this.#core.id,
        side: 'handler',
        peer: sender,
        pattern: this.#traces.patternOf(channel, body),
        channel,
        metadata: { ...head?.metadata },
      },
      () => this.#invoke(handler, body, sender, head, ...rest),
      ({ status, payload }): MessageVerdict =>
        isSuccess(status)
          ? this.#traces.verdictOf(channel, payload)
          : { outcome: 'BAD_STATUS', status },
    );
  };

  /** What a handler returns may be anything: a proxy whose properties throw, for one. */
  readonly #invoke: Invoke = (
    handler,
    body,
    sender,
    head,
    replies,
    isOwner = false,
  ) => {
    const message = { handler: handler.name, body, sender };
    const failed = (error: unknown) => this.#failed(error, message);
    try {
      const metadata = head?.metadata ?? NO_METADATA;
      const key = isOwner ? undefined : keyOf(handler, body);
      const elsewhere =
        key === undefined ? undefined : this.#keys?.passOn(key, body, metadata);
      if (elsewhere) {
        return elsewhere;
      }
      const result = handler.invoke(body, sender, metadata);
      return isThenable(result)
        ? Promise.resolve(result).then(
            (value) => settle(value, message, failed, replies),
            failed,
          )
        : settle(result, message, failed, replies);
    } catch (error) {
      return failed(error);
    }
  };

  #failed(error: unknown, message: HandledMessage): MessageOutcome {
    try {
      const known = refused(error, message);
      if (known) {
        return known;
      }
    } catch {
      // What was thrown is an exception of Nest's in name only.
    }
    this.#logger.error(handlerFailed(message), stackOf(error));
    return FAILED;
  }
}

/** @throws TypeError for a key that is no string; whatever the handler's function throws */
function keyOf({ key }: MessageHandler, body: JsonValue): string | undefined {
  const value: unknown = key?.(body);
  if (value !== undefined && typeof value !== 'string') {
    throw new TypeError('the key of a message is a string');
  }
  return value;
}

function leavesOf(pattern: unknown, handler: MessageHandler): PatternLeaf[] {
  try {
    return readPattern(pattern);
  } catch (cause) {
    throw new InvalidHandlerError(
      handler.name,
      patternInvalid(handler.name, messageOf(cause)),
      { cause },
    );
  }
}

/** The outcome of what a handler has returned; never throws. */
function settle(
  value: unknown,
  message: HandledMessage,
  failed: (error: unknown) => MessageOutcome,
  replies: ReplySink | undefined,
): MessageOutcome | Promise<MessageOutcome> {
  try {
    if (!isSeveral(value)) {
      return replied(value, message);
    }
    return replies
      ? bringAll(value, replies, message).then(() => NO_MORE, failed)
      : lastOf(value).then((last) => replied(last, message), failed);
  } catch (error) {
    return failed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
