import type { JsonValue } from '../wire/json.js';

/** How long a message waits for its reply, what ends it early, and what travels beside its body. */
export interface SendOptions {
  /** Ms until the reply has to be there. Default: the option `messageTimeout`. */
  timeout?: number | undefined;
  /** Gives the message up; the promise rejects with code `ABORTED`. */
  signal?: AbortSignal | undefined;
  /**
   * Strings that the receiver's handler finds by `@PeerMetadata()`: trace context, idempotency keys,
   * tenants. 4,096 characters of JSON at most, where one beyond ASCII counts as 6. Signed with the message
   * in signed clouds. Peers without the feature `head` get the message without it.
   */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** What carries a peer's messages: bound by the messaging layer, which stands above this one. */
export interface PeerMessenger {
  send(
    peerId: string,
    body: JsonValue,
    options?: SendOptions,
  ): Promise<JsonValue>;
}
