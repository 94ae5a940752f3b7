import type { IncomingHttpHeaders } from 'node:http';
import {
  CHANNEL_HEADER,
  isMessageHead,
  METADATA_HEADER,
  type MessageHead,
  type MessageMetadata,
} from '../../wire/message-head.js';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { messageOf, stackOf } from '../../errors/error-text.js';
import type { MembershipCore, Peer } from '../../membership/index.js';
import { MEMBERSHIP_CORE } from '../../options/peer-cloud.tokens.js';
import { OwnContext } from '../../util/own-context.js';
import type { JsonValue } from '../../wire/json.js';
import { InvalidHandlerError } from '../messaging.errors.js';
import type { MessageHandler } from './message-handler.factory.js';
import { readPattern, type PatternLeaf } from './message-pattern.js';
import { PatternIndex } from './pattern-index.js';
import { receivedChannel } from '../message-channels.js';
import {
  FAILED,
  NO_CHANNEL,
  NO_HANDLER,
  refused,
  replied,
  type MessageOutcome,
} from './message-outcome.js';
import {
  channelTaken,
  handlerFailed,
  handlerIsThereTwice,
  patternInvalid,
  patternTaken,
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

  constructor(@Inject(MEMBERSHIP_CORE) core: MembershipCore) {
    this.#core = core;
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
   * @param isOwner true: it has been found out that this peer is to handle it, whatever its key is
   */
  async dispatch(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
    isOwner = false,
  ): Promise<MessageOutcome> {
    return this.run(body, sender, head, isOwner);
  }

  /**
   * The same without a promise where the handler needs none. Handlers start in the order of the calls.
   * Never throws, and the promise never rejects.
   */
  run(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
    isOwner = false,
  ): MessageOutcome | Promise<MessageOutcome> {
    if (head?.channel !== undefined) {
      const handler = this.#channels.get(head.channel);
      return handler
        ? this.#context.run(this.#invoke, handler, body, sender, head)
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
      this.#invoke,
      handler,
      body,
      sender,
      head,
      isOwner,
    );
  }

  /** What a handler returns may be anything: a proxy whose properties throw, for one. */
  readonly #invoke = (
    handler: MessageHandler,
    body: JsonValue,
    sender: Peer,
    head: MessageHead | undefined,
    isOwner = false,
  ): MessageOutcome | Promise<MessageOutcome> => {
    const failed = (error: unknown) => this.#failed(error, handler, sender);
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
            (value) => settle(value, handler, failed),
            failed,
          )
        : settle(result, handler, failed);
    } catch (error) {
      return failed(error);
    }
  };

  #failed(
    error: unknown,
    handler: MessageHandler,
    sender: Peer,
  ): MessageOutcome {
    try {
      const known = refused(error, handler.name);
      if (known) {
        return known;
      }
    } catch {
      // What was thrown is an exception of Nest's in name only.
    }
    this.#logger.error(handlerFailed(handler.name, sender.id), stackOf(error));
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
  { name }: MessageHandler,
  failed: (error: unknown) => MessageOutcome,
): MessageOutcome | Promise<MessageOutcome> {
  try {
    return isObservable(value)
      ? lastValueFrom(value, { defaultValue: undefined }).then(
          (last) => replied(last, name),
          failed,
        )
      : replied(value, name);
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
