import type { JsonValue } from '../wire/json.js';

/** How long a message waits for its reply, and what ends it early. */
export interface SendOptions {
  /** Ms until the reply has to be there. Default: the option `messageTimeout`. */
  timeout?: number | undefined;
  /** Gives the message up; the promise rejects with code `ABORTED`. */
  signal?: AbortSignal | undefined;
}

/** What carries a peer's messages: bound by the messaging layer, which stands above this one. */
export interface PeerMessenger {
  send(
    peerId: string,
    body: JsonValue,
    options?: SendOptions,
  ): Promise<JsonValue>;
}
