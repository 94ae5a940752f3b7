import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { Peer, SendOptions } from '../membership/index.js';
import type { JsonValue } from '../wire/json.js';
import type { MessageError } from './messaging.errors.js';

/** What one peer made of a broadcast: its reply, or why there is none. */
export type BroadcastResult<T = JsonValue> =
  | { peer: Peer; value: T; error?: undefined }
  | { peer: Peer; error: MessageError; value?: undefined };

/** A result with a reply. */
export type BroadcastReply<T = JsonValue> = Extract<
  BroadcastResult<T>,
  { value: T }
>;

/** Too few peers replied to a broadcast; `results` is what all of them made of it. */
export class QuorumError extends PeerCloudError {
  override readonly name = 'QuorumError';

  constructor(
    /** Replies that were asked for. */
    readonly wanted: number,
    /** Every peer's result, in the order of their coming. */
    readonly results: readonly BroadcastResult<unknown>[],
  ) {
    const count = results.filter((result) => !result.error).length;
    super(
      'NO_QUORUM',
      `${count} of ${results.length} peers replied, ${wanted} were wanted: see results for the errors`,
    );
  }
}

/** To whom a broadcast goes, and how long it waits for each. */
export interface BroadcastOptions extends SendOptions {
  /** Is it for oneself too, first of all? Default false. */
  includeSelf?: boolean | undefined;
  /** Which peers it is for. Default: all. */
  to?: ((peer: Peer) => boolean) | undefined;
}

/** What a broadcast needs to know. */
export interface BroadcastPlan<T> {
  peers: readonly Peer[];
  /** Most peers that are asked at the same time. */
  concurrency: number;
  /** Sends to one peer; rejects with a MessageError. */
  send: (peer: Peer) => Promise<T>;
}

/**
 * A broadcast under way. It is a promise of all results, in the order of the peers' list, and an async
 * iterable of each result when it comes. It has started already, and goes on when nobody looks.
 * A peer that fails has a result with an `error`; the broadcast itself does not reject for it.
 */
export class Broadcast<T> extends Promise<BroadcastResult<T>[]> {
  /** What `then()` and the like return are plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #resolveAll: (results: BroadcastResult<T>[]) => void;
  readonly #results: BroadcastResult<T>[] = [];
  readonly #arrived: BroadcastResult<T>[] = [];
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  readonly #plan: BroadcastPlan<T>;

  /** @internal */
  constructor(plan: BroadcastPlan<T>) {
    let resolveAll: (results: BroadcastResult<T>[]) => void = () => undefined;
    super((resolve) => (resolveAll = resolve));
    this.#plan = plan;
    this.#resolveAll = resolveAll;
    if (plan.peers.length === 0) {
      resolveAll([]);
    }
    const first = Math.min(plan.concurrency, plan.peers.length);
    while (this.#next < first) {
      this.#sendNext();
    }
  }

  /** Each result when it comes, replies and errors; ends after the last peer's. */
  async *[Symbol.asyncIterator](): AsyncGenerator<BroadcastResult<T>> {
    for (let at = 0; at < this.#plan.peers.length; at++) {
      while (at >= this.#arrived.length) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      yield this.#arrived[at]!;
    }
  }

  /** The first replies, `count` at most, without waiting for the rest; fewer if fewer peers reply. */
  async take(count: number): Promise<BroadcastReply<T>[]> {
    const replies: BroadcastReply<T>[] = [];
    if (count > 0) {
      for await (const result of this) {
        // Undefined: the peer does not have the channel of the broadcast.
        if (!result.error && result.value !== undefined) {
          replies.push(result as BroadcastReply<T>);
        }
        if (replies.length >= count) {
          break;
        }
      }
    }
    return replies;
  }

  /**
   * The first `count` replies.
   *
   * @throws QuorumError when all results are in and fewer peers replied
   */
  async quorum(count: number): Promise<BroadcastReply<T>[]> {
    const replies = await this.take(count);
    if (replies.length < count) {
      throw new QuorumError(count, this.#arrived);
    }
    return replies;
  }

  #sendNext(): void {
    const index = this.#next++;
    const peer = this.#plan.peers[index];
    if (peer) {
      this.#plan.send(peer).then(
        (value) => this.#finish(index, { peer, value }),
        (error: MessageError) => this.#finish(index, { peer, error }),
      );
    }
  }

  #finish(index: number, result: BroadcastResult<T>): void {
    this.#sendNext();
    this.#results[index] = result;
    this.#arrived.push(result);
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
    if (this.#arrived.length === this.#plan.peers.length) {
      this.#resolveAll(this.#results);
    }
  }
}
