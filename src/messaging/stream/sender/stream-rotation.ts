import type { Member } from '../../../membership/index.js';
import type { BodyAccount } from '../../../security/index.js';
import type { JsonObject } from '../../../wire/json.js';
import {
  atTurnEnd,
  StreamError,
  WrongPeerError,
  type OpenSocket,
} from '../framing/index.js';
import type { ResolvedStreamOptions } from '../../messaging.options.js';
import type { Delivery, DeliveryQueue } from './delivery.js';
import { OutgoingStream, type OutgoingStreamOwner } from './outgoing-stream.js';
import { NoStreamPlaceError, StreamRefusedError } from './stream-dialer.js';

/**
 * Streams to one peer at the same time: one at work, others that finish what they have. A receiver with
 * default limits breaks the oldest when there are more.
 */
const MAX_STREAMS_TO_PEER = 4;

/** Streams that came to nothing, one after the other, after which no other is tried for now. */
const MAX_FAILURES = 3;

/** Ms that a suspect has for a sign once the peer has greeted on another stream: what is under way on it fails then. */
const LAST_CHANCE = 250;

/** What it takes to open streams to one peer. */
export interface StreamRotationConfig {
  options: ResolvedStreamOptions;
  /** Largest reply in bytes that this peer takes. */
  maxBytes: number;
  /** Deepest nesting of a reply that this peer takes. */
  maxDepth: number;
  /** Where it counts what its lines that are still coming in take of the memory for that. */
  openAccount(): BodyAccount;
  /** True if this peer may have another stream. */
  hasPlace(): boolean;
  /** Opens one; rejects with a StreamRefusedError. */
  open(member: Member): Promise<OpenSocket>;
  /** Wants `checkSilence()` to be called now and then. */
  watchSilence(): void;
}

/** Who uses the streams. */
export interface StreamRotationOwner {
  /** There is a stream with room, or none is open any more: see what waits. */
  onChange(): void;
  /** No stream can be opened now. */
  onRefused(failure: StreamRefusedError): void;
  /** Something came from the peer. */
  onSign(): void;
  /** The message is larger than the peer takes on a stream. */
  onTooLarge(delivery: Delivery): void;
}

/** A stream on its way: being asked for, then waiting for the receiver's greeting. */
interface Attempt {
  stream?: OutgoingStream;
}

/**
 * The streams to one peer: one takes messages, those before it finish what they have. Another takes over
 * when the peer has fallen silent on it.
 */
export class StreamRotation implements OutgoingStreamOwner {
  readonly #streams = new Set<OutgoingStream>();
  #current: OutgoingStream | undefined;
  #attempt: Attempt | undefined;
  /** Streams that were asked for and are not there yet, those that nobody wants any more included. */
  #dialling = 0;
  #failures = 0;
  #closed = false;

  readonly #config: StreamRotationConfig;
  readonly #owner: StreamRotationOwner;

  constructor(
    public member: Member,
    config: StreamRotationConfig,
    owner: StreamRotationOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
  }

  /** True if a stream is there that takes messages, or will when it has room or a sign of life. */
  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** True if that stream is held back by nothing but its bounds. */
  get isReady(): boolean {
    return this.#current?.isSuspect === false;
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

  /** Writes what waits, as far as there is room, and as the order of messages allows. */
  fill(queue: DeliveryQueue): void {
    if (this.#streams.size > 1) {
      for (const stream of this.#streams) {
        if (stream.mayStartLater) {
          return;
        }
      }
    }
    this.#current?.fill(queue);
  }

  /** Asks for the peer's status, ahead of what waits; undefined where no stream is open for that. */
  ask(body: JsonObject): Promise<JsonObject | undefined> | undefined {
    return this.#current?.ask(body);
  }

  /** Opens a stream, unless that is under way. */
  open(): void {
    if (this.#attempt || this.#closed) {
      return;
    }
    if (this.#failures >= MAX_FAILURES) {
      const broken = new StreamError('they broke one after the other');
      this.#refused(new StreamRefusedError(undefined, false, broken));
      return;
    }
    // One that takes over has the place of the other.
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
        (socket) => this.#onOpened(attempt, socket, askedAt),
        (failure: StreamRefusedError) => this.#onFailed(attempt, failure),
      );
  }

  /** No more messages on any stream that there is; the next message opens another. */
  retire(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.end();
    this.#dropAttempt();
    this.#owner.onChange();
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

  /** Finds out whether the peer is still there on streams that wait for it; false if there is no doubt. */
  checkSilence(now: number): boolean {
    let waits = false;
    for (const stream of this.#streams) {
      waits = stream.checkSilence(now) || waits;
    }
    return waits;
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    const next = [...this.#streams].map((each) => each.expire(now, fail));
    return Math.min(Infinity, ...next);
  }

  onGreeted(stream: OutgoingStream): void {
    if (!this.#current) {
      this.#begin(stream);
      return;
    }
    setTimeout(() => {
      if (stream === this.#attempt?.stream) {
        this.#current?.break(silent());
        this.#begin(stream);
      }
    }, LAST_CHANCE).unref();
  }

  onStarted(): void {
    this.#owner.onChange();
  }

  onAway(stream: OutgoingStream): void {
    // One that takes streams and has no use for them is given up as if they broke.
    if (!stream.isProven) {
      this.#failures++;
    }
    if (stream === this.#current) {
      this.#current = undefined;
    }
    stream.end();
    this.#owner.onChange();
  }

  onRoom(): void {
    this.#owner.onChange();
  }

  onSuspect(stream: OutgoingStream): void {
    if (stream === this.#current) {
      this.open();
    } else {
      stream.break(silent());
    }
  }

  onRecovered(stream: OutgoingStream): void {
    if (stream === this.#current) {
      this.#dropAttempt();
      this.#owner.onChange();
    }
  }

  onSign({ isProven }: OutgoingStream): void {
    if (isProven) {
      this.#failures = 0;
    }
    this.#owner.onSign();
  }

  onWaiting(): void {
    this.#config.watchSilence();
  }

  onTooLarge(delivery: Delivery): void {
    this.#owner.onTooLarge(delivery);
  }

  onClosed(stream: OutgoingStream, cause?: Error): void {
    this.#streams.delete(stream);
    if (!stream.hello) {
      // Another peer at that address: what is meant for this one must not reach it.
      const isOther = cause instanceof WrongPeerError;
      const failure = new StreamRefusedError(101, isOther, cause);
      if (stream === this.#attempt?.stream) {
        this.#onFailed(this.#attempt, failure);
      }
      return;
    }
    if (cause && !stream.isAway) {
      this.#failures++;
    }
    if (stream === this.#current) {
      this.#current = undefined;
    }
    if (stream === this.#attempt?.stream) {
      this.#attempt = undefined;
    }
    this.#owner.onChange();
  }

  /** From now on that stream takes the messages. */
  #begin(stream: OutgoingStream): void {
    this.#attempt = undefined;
    this.#current = stream;
    stream.begin(this.#streams.size > 1);
    this.#owner.onChange();
  }

  #onOpened(attempt: Attempt, socket: OpenSocket, askedAt: number): void {
    const { options, maxBytes, maxDepth } = this.#config;
    const { heartbeatInterval: heartbeat, maxInFlight, openTimeout } = options;
    const account = this.#config.openAccount();
    const stream = new OutgoingStream(
      this.member.id,
      socket,
      askedAt,
      { heartbeat, maxBytes, maxDepth, maxInFlight, account },
      this,
    );
    attempt.stream = stream;
    this.#streams.add(stream);
    if (attempt !== this.#attempt) {
      stream.break(unwanted());
      return;
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
    if (attempt !== this.#attempt) {
      return;
    }
    this.#attempt = undefined;
    // The peer does not take it up, or is gone: then it does not take up the silent one either.
    if (failure.unreachable || failure.status !== undefined) {
      this.#current?.break(silent());
    }
    this.#refused(failure);
  }

  /** A stream that is on its way is not wanted any more: greeted later, it would not speak of those opened meanwhile. */
  #dropAttempt(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.stream?.break(unwanted());
  }

  #refused(failure: StreamRefusedError): void {
    if (!this.#current) {
      this.#failures = 0;
      this.#owner.onRefused(failure);
    }
  }
}

function silent(): StreamError {
  return new StreamError('the peer has fallen silent on the stream');
}

function unwanted(): StreamError {
  return new StreamError('nobody wants the stream any more');
}
