import type { Peer, SendOptions } from '../membership/index.js';
import type { JsonValue } from '../wire/json.js';
import type { MessageMetadata } from '../wire/message-head.js';
import type { Broadcast, BroadcastOptions } from './broadcast.js';

/**
 * Takes the messages of a channel. What it returns (a value, a promise, an observable or an async iterable)
 * is the reply, or all replies, as with `@OnPeerMessage()`.
 *
 * @param sender the peer that sent it, or oneself
 * @param metadata what the sender gave as `metadata`; `{}` where it gave none
 */
export type ChannelHandler = (
  body: JsonValue,
  sender: Peer,
  metadata: MessageMetadata,
) => unknown;

/** What stands behind a channel; MessagingService makes it. */
export interface ChannelSource {
  send(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): Promise<JsonValue | undefined>;
  broadcast(
    body: unknown,
    options?: BroadcastOptions,
  ): Broadcast<JsonValue | undefined>;
  stream(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): AsyncIterable<JsonValue>;
  handle(handler: ChannelHandler): () => void;
}

/**
 * A named conversation between peers, for integrations: its messages never reach `@OnPeerMessage()`
 * methods, nor cause `message.*` events (PROTOCOL.md, section 4, `head`). That a peer does not have the
 * channel is an answer, not an error.
 */
export class PeerChannel {
  readonly #source: ChannelSource;

  /** @internal */
  constructor(
    /** As in `MessagingService.channel(name)`. */
    readonly name: string,
    source: ChannelSource,
  ) {
    this.#source = source;
  }

  /**
   * Sends a message to the channel's handler at one peer, or at oneself, and resolves to the reply:
   * undefined if nobody handles the channel there. (A handler that returns nothing replies `{}`.)
   *
   * @param peer a peer, or the id of one
   * @param body a JSON object; it is copied
   * @throws MessageError and OptionsError as `MessagingService.send()` does, `NO_HANDLER` excepted
   */
  send<T = JsonValue>(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): Promise<T | undefined> {
    return this.#source.send(peer, body, options) as Promise<T | undefined>;
  }

  /**
   * Sends a message to the channel's handlers at all peers but oneself, or at some of them. A peer where nobody handles the
   * channel is a result whose `value` is undefined, and does not count in `take()` and `quorum()`.
   *
   * @throws MessageError (`INVALID_BODY`) and OptionsError, at once
   */
  broadcast<T = JsonValue>(
    body: unknown,
    options?: BroadcastOptions,
  ): Broadcast<T | undefined> {
    return this.#source.broadcast(body, options) as Broadcast<T | undefined>;
  }

  /**
   * Sends a message to the channel's handler at one peer, or at oneself, and gives its replies one by one, as
   * `MessagingService.stream()` does: none if nobody handles the channel there.
   *
   * @throws MessageError (`INVALID_BODY`) and OptionsError, at once
   */
  stream<T = JsonValue>(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): AsyncIterable<T> {
    return this.#source.stream(peer, body, options) as AsyncIterable<T>;
  }

  /**
   * Takes the channel's messages from now on; one handler at a time.
   *
   * @returns what ends it: the peer does not have the channel then
   * @throws InvalidHandlerError if the channel has a handler
   */
  handle(handler: ChannelHandler): () => void {
    return this.#source.handle(handler);
  }
}
