import type { Member } from '../../membership/index.js';
import { ClientStream, type ClientStreamOwner } from './client-stream.js';
import type { DeliveryQueue } from './delivery-queue.js';
import type { Delivery } from './delivery.js';
import { NoStreamPlaceError } from './no-stream-place.error.js';
import { RenewalTimer, type RenewalOwner } from './renewal-timer.js';
import { MAX_STREAMS_TO_PEER } from './stream.constants.js';
import { StreamError, WrongPeerError } from './stream.error.js';
import type { OpenedStream } from './stream-opener.js';
import { StreamRefusedError } from './stream-refused.error.js';
import type {
  StreamSuccessionConfig,
  StreamSuccessionOwner,
} from './stream-succession.interface.js';
import { atTurnEnd } from './turn-end.js';

/** A stream on its way: being asked for, then waiting for the receiver's greeting. */
interface Attempt {
  stream?: ClientStream;
}

/** Streams that came to nothing, one after the other, after which no other is tried for now. */
const MAX_FAILURES = 3;

/**
 * The streams to one peer: one takes messages, its successor is opened in time, and those before it
 * finish what they have. The successor starts only when the receiver has started everything of the
 * stream before it, so that the order of messages holds.
 */
export class StreamSuccession implements ClientStreamOwner, RenewalOwner {
  readonly #streams = new Set<ClientStream>();
  #current: ClientStream | undefined;
  #successor: ClientStream | undefined;
  #attempt: Attempt | undefined;
  /** Streams that were asked for and are not there yet, those that nobody wants any more included. */
  #dialling = 0;
  #failures = 0;
  readonly #renewal: RenewalTimer;
  #closed = false;

  readonly #config: StreamSuccessionConfig;
  readonly #owner: StreamSuccessionOwner;

  constructor(
    public member: Member,
    config: StreamSuccessionConfig,
    owner: StreamSuccessionOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
    this.#renewal = new RenewalTimer(config.options.maxLifetime, this);
  }

  /** True if a stream is there that takes messages, or will in a moment. */
  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** True if that stream is held back by nothing but its bounds. */
  get isReady(): boolean {
    return this.#current?.isOpen === true;
  }

  /** Messages that wait for their replies on the stream that takes messages. */
  get inFlight(): number {
    return this.#current?.inFlight ?? 0;
  }

  /** True while anything is under way. */
  get isBusy(): boolean {
    return (
      this.#dialling > 0 || [...this.#streams].some((each) => each.inFlight > 0)
    );
  }

  /** Streams that are open, being opened, or finishing what they have. */
  get count(): number {
    return this.#streams.size + this.#dialling;
  }

  /** Writes what waits, as far as there is room. */
  fill(queue: DeliveryQueue): void {
    this.#current?.fill(queue);
  }

  /** Opens a stream, unless that is under way. */
  open(): void {
    if (this.#attempt || this.#closed) {
      return;
    }
    if (this.#failures >= MAX_FAILURES) {
      this.#refused(new StreamRefusedError(undefined, false));
      return;
    }
    // A successor has the place of the stream that it replaces.
    if (
      this.count >= MAX_STREAMS_TO_PEER ||
      (!this.#current && !this.#config.hasPlace())
    ) {
      this.#refused(new NoStreamPlaceError());
      return;
    }
    const attempt: Attempt = {};
    const askedAt = performance.now();
    this.#attempt = attempt;
    this.#dialling++;
    this.#config
      .open(this.member)
      .finally(() => this.#dialling--)
      .then(
        (opened) => this.#onOpened(attempt, opened, askedAt),
        (failure: StreamRefusedError) => this.#onFailed(attempt, failure),
      );
  }

  /** No more messages on any stream that there is; the next message opens another. */
  retire(): void {
    this.#current?.end();
    this.#successor?.end();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    // Greeted later, it would not speak of the streams that are opened meanwhile, and the receiver would break them.
    attempt?.stream?.break(unwanted());
    this.#appoint(undefined);
  }

  /** No more messages at all; those under way get their replies. */
  end(): void {
    this.#closed = true;
    this.retire();
  }

  /** Breaks all streams. */
  destroy(cause: Error): void {
    this.end();
    for (const stream of this.#streams) {
      stream.break(cause);
    }
  }

  /** Heartbeats. */
  beat(now: number, stalled: boolean): void {
    for (const stream of this.#streams) {
      stream.beat(now, stalled);
    }
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    const next = [...this.#streams].map((each) => each.expire(now, fail));
    return Math.min(Infinity, ...next);
  }

  onDue(): void {
    if (this.isReady && !this.#successor) {
      this.open();
    }
  }

  onOverdue(): void {
    this.#current?.end();
  }

  onReady(stream: ClientStream): void {
    this.#attempt = undefined;
    if (this.#current) {
      this.#successor = stream;
      this.#current.end();
    } else {
      this.#appoint(stream);
    }
  }

  onStarted(stream: ClientStream): void {
    if (stream === this.#current) {
      this.#appoint(this.#successor);
    }
  }

  onAway(stream: ClientStream): void {
    // One that takes streams and has no use for them is given up as if they broke.
    if (!stream.isProven) {
      this.#failures++;
    }
    stream.end();
  }

  onRoom(): void {
    this.#owner.onChange();
  }

  onSign({ isProven }: ClientStream): void {
    if (isProven) {
      this.#failures = 0;
    }
    this.#owner.onSign();
  }

  onTooLarge(delivery: Delivery): void {
    this.#owner.onTooLarge(delivery);
  }

  onClosed(stream: ClientStream, cause?: Error): void {
    this.#streams.delete(stream);
    if (!stream.hello) {
      // Another peer at that address: what is meant for this one must not reach it.
      const isOther = cause instanceof WrongPeerError;
      const failure = new StreamRefusedError(200, isOther, cause);
      if (stream === this.#attempt?.stream) {
        this.#onFailed(this.#attempt, failure);
      }
      return;
    }
    if (cause && !stream.isAway) {
      this.#failures++;
    }
    if (stream === this.#successor) {
      this.#successor = undefined;
    } else if (stream === this.#current) {
      this.#appoint(this.#successor);
    }
  }

  /** From now on that stream takes the messages; without one, the next message opens another. */
  #appoint(stream: ClientStream | undefined): void {
    this.#current = stream;
    this.#successor = undefined;
    if (stream) {
      this.#renewal.watch(stream);
    } else {
      this.#renewal.stop();
    }
    this.#owner.onChange();
  }

  #onOpened(attempt: Attempt, opened: OpenedStream, askedAt: number): void {
    const { options, maxBytes, maxDepth } = this.#config;
    const { heartbeatInterval: heartbeat, maxInFlight, openTimeout } = options;
    const renews = this.#streams.size > 0;
    const stream = new ClientStream(
      this.member.id,
      opened,
      askedAt,
      {
        heartbeat,
        maxBytes,
        maxDepth,
        maxInFlight,
        renews,
        account: this.#config.openAccount(),
      },
      this,
    );
    attempt.stream = stream;
    this.#streams.add(stream);
    if (attempt !== this.#attempt) {
      stream.break(unwanted());
    }
    // It may have waited for its turn for as long as opening it may take.
    const left = askedAt + 2 * openTimeout - performance.now();
    setTimeout(
      () => {
        atTurnEnd(() => {
          if (!stream.hello) {
            stream.break(new StreamError('the receiver did not greet'));
          }
        });
      },
      Math.min(openTimeout, left),
    ).unref();
  }

  /** What happens to an attempt that was given up concerns nobody. */
  #onFailed(attempt: Attempt, failure: StreamRefusedError): void {
    if (attempt === this.#attempt) {
      this.#attempt = undefined;
      this.#refused(failure);
    }
  }

  #refused(failure: StreamRefusedError): void {
    if (!this.#current) {
      this.#failures = 0;
      this.#owner.onRefused(failure);
    }
  }
}

function unwanted(): StreamError {
  return new StreamError('nobody wants the stream any more');
}
