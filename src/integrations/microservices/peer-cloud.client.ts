import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClientProxy,
  type ReadPacket,
  type WritePacket,
} from '@nestjs/microservices';
import { Observable } from 'rxjs';
import type { JsonValue, MessagingService, Peer } from '../../index.js';
import { askOneOf, Reading, type Call } from './asking.js';
import { MicroserviceError } from './microservice.error.js';
import { noEvents, noHandler } from './microservices.messages.js';
import type { PatternDirectory } from './pattern-directory.js';
import { PeerChoice } from './peer-choice.js';
import {
  PeerCloudRecord,
  type PeerCloudCallOptions,
} from './peer-cloud.record.js';

/** A packet of Nest's, with the way that it goes. */
interface RoutedPacket extends ReadPacket<JsonValue> {
  options: PeerCloudCallOptions;
}

/**
 * Nest's client over the cloud. `send()` asks one of the peers that handle the pattern, and gives the values
 * of its handler; `emit()` brings an event to all that handle it, and to one in each group. A PeerCloudRecord
 * in the place of the data chooses otherwise.
 *
 * A request that surely has not been handled goes to the next peer. Else it fails with the error of the message,
 * whose `code` says whether it may have been (MessageError), with NO_HANDLER of MicroserviceError where
 * nobody has the pattern, or with what the handler threw, as with every transport of Nest.
 */
export class PeerCloudClient extends ClientProxy {
  readonly #directory: PatternDirectory;
  readonly #options: PeerCloudCallOptions;
  readonly #choice: PeerChoice;

  /** @internal */
  constructor(directory: PatternDirectory, options: PeerCloudCallOptions = {}) {
    super();
    this.#directory = directory;
    this.#options = options;
    this.#choice = new PeerChoice(directory);
  }

  /** There is nothing to connect: a request waits by itself until it is known who handles what. */
  connect(): Promise<void> {
    return Promise.resolve();
  }

  /** There is nothing to close: the cloud ends with the app. */
  close(): void {
    // The sockets are the cloud's.
  }

  /** @throws Error always: there is no socket of its own */
  override on(): never {
    throw new Error(noEvents);
  }

  /** The MessagingService of the cloud. */
  unwrap<T = MessagingService>(): T {
    return this.#directory.begin().messaging as T;
  }

  /** As Nest's own, without what connects first. */
  override send<TResult = unknown, TInput = unknown>(
    pattern: unknown,
    data: TInput,
  ): Observable<TResult> {
    return isNil(pattern) || isNil(data)
      ? super.send(pattern, data)
      : new Observable((subscriber) =>
          this.publish(
            this.createPacket(pattern, data),
            this.createObserver<TResult>(subscriber),
          ),
        );
  }

  protected override createPacket<T>(pattern: unknown, data: T): ReadPacket {
    const packet = (
      data instanceof PeerCloudRecord
        ? {
            pattern,
            data: data.data as unknown,
            options: { ...this.#options, ...data.options },
          }
        : { pattern, data, options: this.#options }
    ) as RoutedPacket;
    this.onDispatchHook?.(packet);
    return packet;
  }

  protected override publish(
    packet: ReadPacket,
    callback: (packet: WritePacket) => void,
  ): () => void {
    const call = this.#callOf(packet as RoutedPacket);
    const reading = new Reading(callback);
    const peers = this.#directory.handlersOf(call.pattern);
    if (peers.length > 0) {
      this.#ask(peers, call, reading);
    } else {
      this.#askLater(call, reading).catch((error: unknown) =>
        reading.failed(error),
      );
    }
    return () => reading.close();
  }

  /**
   * Resolves when the event has arrived at all that are to have it. Where it has not at some of them, it
   * rejects with the first error, and the others have it.
   */
  protected override async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const call = this.#callOf(packet as RoutedPacket);
    const { pattern, data } = call;
    await this.#within(call, this.#directory.whenTold());
    const { channel } = this.#directory.begin();
    const results = await Promise.allSettled(
      this.#receiversOf(call).map(
        ({ group, peers }) =>
          new Promise<void>((resolve, reject) => {
            const emit = { emit: pattern, data, group };
            const asker = { take: () => resolve(), fail: reject };
            askOneOf(channel, peers, emit, call, asker);
          }),
      ),
    );
    for (const result of results) {
      // That it has ended meanwhile is what it is not to hear for.
      if (result.status === 'rejected' && !isNoHandler(result.reason)) {
        throw result.reason;
      }
    }
    return undefined as T;
  }

  async #askLater(call: Call, reading: Reading): Promise<void> {
    const known = this.#directory
      .begin()
      .membership.whenJoined()
      .then(() => this.#directory.whenTold());
    await this.#within(call, known);
    const { pattern } = call;
    const peers = this.#directory.handlersOf(pattern);
    if (peers.length === 0) {
      throw new MicroserviceError('NO_HANDLER', noHandler(pattern));
    }
    this.#ask(peers, call, reading);
  }

  #ask(peers: readonly Peer[], call: Call, reading: Reading): void {
    const { channel } = this.#directory.begin();
    const { to, pattern } = call;
    reading.begin(
      channel,
      call,
      to === 'all'
        ? peers.map((peer) => [peer])
        : [this.#choice.inOrder(peers, to, pattern)],
    );
  }

  /** Groups of peers of which one is to have it. */
  #receiversOf({
    pattern,
    to,
  }: Call): { group: string; peers: readonly Peer[] }[] {
    const isForOne = typeof to === 'object' && 'peer' in to;
    return [...this.#directory.subscribersOf(pattern)].flatMap(
      ([group, peers]) =>
        group === '' && !isForOne
          ? peers.map((peer) => ({ group, peers: [peer] }))
          : {
              group,
              peers: this.#choice.inOrder(peers, to, `${pattern} ${group}`),
            },
    );
  }

  #callOf({ pattern, data, metadata, options }: RoutedPacket): Call {
    const given = options.timeout;
    const timeout = given ?? this.#directory.begin().options.messageTimeout;
    return {
      pattern: this.normalizePattern(pattern as string),
      data,
      to: options.to ?? 'any',
      metadata:
        options.metadata || metadata
          ? { ...options.metadata, ...metadata }
          : undefined,
      timeout,
      deadline: performance.now() + timeout,
    };
  }

  /** Waits for something, and until the call's deadline at last. */
  async #within(call: Call, something: Promise<unknown>): Promise<void> {
    const ending = new AbortController();
    const { signal } = ending;
    const left = Math.max(0, call.deadline - performance.now());
    const end = sleep(left, undefined, { signal }).catch(() => undefined);
    await Promise.race([something, end]);
    ending.abort();
  }
}

function isNil(value: unknown): boolean {
  return value === undefined || value === null;
}

function isNoHandler(error: unknown): boolean {
  return error instanceof MicroserviceError && error.code === 'NO_HANDLER';
}
