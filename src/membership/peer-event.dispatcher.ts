import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { stackOf } from '../errors/error-text.js';
import { OwnContext } from '../util/own-context.js';
import { handlerFailed } from './membership.messages.js';
import { MembershipEvents } from './membership-events.js';
import type {
  MessageEvent,
  MessageFailedEvent,
  PeerEvent,
  PeerEventName,
} from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';

type Call = (event: PeerEvent) => unknown;
type AnyMessageEvent = MessageEvent | MessageFailedEvent;
type Notice = Omit<AnyMessageEvent, 'type'> & { self: string };

/** Calls the decorated methods at their events. What they throw ends here. */
@Injectable()
export class PeerEventDispatcher
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #logger = new Logger('PeerCloud');
  readonly #context = new OwnContext();
  readonly #messages: MessageEvents;
  readonly #handlers = new Map<
    PeerEventName,
    { handler: string; call: Call }[]
  >();

  readonly #membership: MembershipEvents;

  constructor(membership: MembershipEvents, directory: PeerDirectory) {
    this.#membership = membership;
    this.#messages = new MessageEvents(
      () => directory.self.id,
      (event) => this.#dispatch(event),
    );
  }

  onModuleInit(): void {
    this.#membership.events$.subscribe((event) => this.#dispatch(event));
  }

  onApplicationShutdown(): void {
    this.#messages.stop();
  }

  /** @param handler its name in the log, as in `CacheService.drop` */
  add(event: PeerEventName, handler: string, call: Call): void {
    const list = this.#handlers.get(event) ?? [];
    list.push({ handler, call });
    this.#handlers.set(event, list);
    if (isMessageEvent(event)) {
      this.#messages.listen(event);
    }
  }

  #dispatch(event: PeerEvent): void {
    for (const { handler, call } of this.#handlers.get(event.type) ?? []) {
      void this.#context.run(this.#run, handler, call, event);
    }
  }

  readonly #run = async (
    handler: string,
    call: Call,
    event: PeerEvent,
  ): Promise<void> => {
    try {
      await call(event);
    } catch (error) {
      this.#logger.error(handlerFailed(handler, event.type), stackOf(error));
    }
  };
}

/** True for the events that come over `node:diagnostics_channel`. */
export function isMessageEvent(
  name: PeerEventName,
): name is AnyMessageEvent['type'] {
  return name.startsWith('message.');
}

/**
 * The events of this peer's messages. Only the channels that are wanted are listened to: an unheard
 * channel costs nothing. They belong to the process, which can have several peers.
 */
export class MessageEvents {
  readonly #channels = new Map<string, (notice: unknown) => void>();

  readonly #selfId: () => string;
  readonly #listener: (event: AnyMessageEvent) => void;

  constructor(
    selfId: () => string,
    listener: (event: AnyMessageEvent) => void,
  ) {
    this.#selfId = selfId;
    this.#listener = listener;
  }

  listen(type: AnyMessageEvent['type']): void {
    const channel = `peercloud:${type}`;
    if (this.#channels.has(channel)) {
      return;
    }
    const receive = (notice: unknown): void => {
      const { self, ...rest } = notice as Notice;
      if (self === this.#selfId()) {
        this.#listener({ ...rest, type } as AnyMessageEvent);
      }
    };
    this.#channels.set(channel, receive);
    subscribe(channel, receive);
  }

  stop(): void {
    for (const [channel, receive] of this.#channels) {
      unsubscribe(channel, receive);
    }
    this.#channels.clear();
  }
}
