import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type {
  MessageEvent,
  MessageFailedEvent,
  PeerEventName,
} from './peer-cloud.events.js';

type AnyMessageEvent = MessageEvent | MessageFailedEvent;
type Notice = Omit<AnyMessageEvent, 'type'> & { self: string };

/** True for the events that come over `node:diagnostics_channel`. */
export function isMessageEvent(
  name: PeerEventName,
): name is AnyMessageEvent['type'] {
  return name.startsWith('message.');
}

/**
 * The events of this peer's messages. Only the channels that somebody wants are listened to: an
 * unheard channel costs nothing. They belong to the process, which can have several peers.
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
