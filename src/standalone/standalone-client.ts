import { EventEmitter } from 'node:events';
import type { INestApplicationContext } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import {
  MembershipService,
  MessagingService,
  PeerCloudError,
  type JsonObject,
  type JsonValue,
  type Peer,
  type PeerEvent,
} from '../index.js';
import { isMessageEvent, MessageEvents } from '../membership/index.js';
import type {
  BroadcastCallback,
  ClientEventMap,
  NodeCallback,
  PeerCloudClient,
  StandalonePeer,
  StandaloneResult,
} from './standalone.types.js';

/** At least one peer did not reply to a broadcast. `results` has one entry for each peer, replies included. */
export class BroadcastError extends PeerCloudError {
  override readonly name = 'BroadcastError';

  constructor(readonly results: StandaloneResult[]) {
    const failed = results.filter((result) => 'error' in result);
    super(
      'BROADCAST_FAILED',
      `${failed.length} of ${results.length} peers did not reply; see results`,
      { cause: failed[0]?.error },
    );
  }
}

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

/** A peer in the form of the original: `JSON.stringify()` shows its id and its data. */
function standalonePeer(peer: Peer): StandalonePeer {
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

type Listener = (event: any) => void;

/** Brings the events of one peer to the listeners of its client. */
class ClientEvents {
  readonly #emitter = new EventEmitter();
  readonly #messages: MessageEvents;
  readonly #subscription: Subscription;

  constructor(membership: MembershipService) {
    const emit = (event: PeerEvent) =>
      this.#emitter.emit(event.type, translate(event));
    this.#subscription = membership.events$.subscribe(emit);
    this.#messages = new MessageEvents(() => membership.self.id, emit);
  }

  on(name: keyof ClientEventMap, listener: Listener): void {
    this.#emitter.on(name, listener);
    if (isMessageEvent(name)) {
      this.#messages.listen(name);
    }
  }

  off(name: keyof ClientEventMap, listener: Listener): void {
    this.#emitter.off(name, listener);
  }

  /** Ends the events; the listeners hear nothing more. */
  stop(): void {
    this.#subscription.unsubscribe();
    this.#messages.stop();
    this.#emitter.removeAllListeners();
  }
}

/** The same event, with the peer in the form of the original. */
function translate(event: PeerEvent): object {
  if (!('peer' in event)) {
    return event;
  }
  const peer = standalonePeer(event.peer);
  return event.type === 'peer.updated'
    ? { ...event, peer, previous: event.previous.data }
    : { ...event, peer };
}

/**
 * Serves both ways of asking with one promise: a callback is told the outcome, and the promise is there
 * in any case. A promise that nobody looks at does not become an unhandled rejection.
 *
 * @param errorForCallback what a callback gets as its error; default: the error itself
 */
export function settle<T, E = Error>(
  promise: Promise<T>,
  callback?: NodeCallback<T, E>,
  errorForCallback: (error: unknown) => E = (error) => error as E,
): Promise<T> {
  promise.then(
    (value) => call(callback, null, value),
    (error: unknown) => call(callback, errorForCallback(error)),
  );
  return promise;
}

/** Outside the promise, so that what a callback throws is the caller's uncaught exception. */
function call<T, E>(
  callback: NodeCallback<T, E> | undefined,
  error: E | null,
  value?: T,
): void {
  if (callback) {
    process.nextTick(callback, error, value);
  }
}

/** Sorts out `(body?, callback?)`, where either can be left out, as in the original. */
export function splitArguments<B, C>(
  first: B | C | undefined,
  second: C | undefined,
  noBody: B,
): [B, C | undefined] {
  return typeof first === 'function'
    ? [noBody, first as C]
    : [(first as B | undefined) ?? noBody, second];
}
