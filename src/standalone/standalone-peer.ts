import type { Peer } from '../membership/peer.js';
import type { JsonValue } from '../wire/json.js';
import { settle, splitArguments, type NodeCallback } from './callbacks.js';
import type { StandalonePeer } from './standalone.types.js';

/** A peer in the form of the original: `JSON.stringify()` shows its id and its data. */
export function standalonePeer(peer: Peer): StandalonePeer {
  return {
    id: peer.id,
    data: peer.data,
    send<T = JsonValue>(
      first?: JsonValue | NodeCallback<T>,
      second?: NodeCallback<T>,
    ): Promise<T> {
      const [body, callback] = splitArguments<JsonValue, NodeCallback<T>>(
        first,
        second,
        {},
      );
      return settle(peer.send<T>(body), callback);
    },
  };
}
