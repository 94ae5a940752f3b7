import type { INestApplicationContext } from '@nestjs/common';
import { MembershipService } from '../membership/membership.service.js';
import { MessagingService } from '../messaging/index.js';
import type { JsonObject, JsonValue } from '../wire/json.js';
import { BroadcastError } from './broadcast.error.js';
import { settle, splitArguments, type NodeCallback } from './callbacks.js';
import { ClientEvents } from './client-events.js';
import { standalonePeer } from './standalone-peer.js';
import type {
  BroadcastCallback,
  PeerCloudClient,
  StandaloneResult,
} from './standalone.types.js';

/** The client of a running application context. Its methods need no `this`, as in the original. */
export function createClient(
  app: INestApplicationContext,
  onClose: () => void,
): PeerCloudClient {
  const membership = app.get(MembershipService);
  const messaging = app.get(MessagingService);
  const events = new ClientEvents(membership);
  let closed: Promise<void> | undefined;

  const broadcast = async (body: JsonValue): Promise<StandaloneResult[]> => {
    const results = (await messaging.broadcast<JsonValue>(body)).map(
      ({ peer, ...outcome }) => ({ peer: peer.data, ...outcome }),
    ) as StandaloneResult[];
    if (results.some((result) => result.error)) {
      throw new BroadcastError(results);
    }
    return results;
  };

  const close = async (): Promise<void> => {
    try {
      await app.close();
    } finally {
      events.stop();
      onClose();
    }
  };

  const client: PeerCloudClient = {
    get self() {
      return membership.self.toJSON();
    },
    send(
      first?: JsonValue | BroadcastCallback,
      second?: BroadcastCallback,
    ): Promise<StandaloneResult[]> {
      const [body, callback] = splitArguments<JsonValue, BroadcastCallback>(
        first,
        second,
        {},
      );
      return settle(broadcast(body), callback, resultsOrError);
    },
    peers: () => membership.peers().map(standalonePeer),
    update: (data: JsonObject, callback?: NodeCallback<void>) =>
      settle(membership.update(data), callback),
    close: (callback?: NodeCallback<void>) =>
      settle((closed ??= close()), callback),
    on(event, listener) {
      events.on(event, listener);
      return client;
    },
    off(event, listener) {
      events.off(event, listener);
      return client;
    },
  };
  return client;
}

/** The original gives the array itself as the callback's error. */
function resultsOrError(error: unknown): StandaloneResult[] | Error {
  return error instanceof BroadcastError ? error.results : (error as Error);
}
