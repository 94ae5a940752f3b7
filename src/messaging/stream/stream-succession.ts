import type { Member } from '../../membership/core/membership.types.js';
import { ClientStream, type ClientStreamOwner } from './client-stream.js';
import type { DeliveryQueue } from './delivery-queue.js';
import type { Delivery } from './delivery.js';
import { LIFETIME_SHARE, OVERDUE_SHARE } from './stream.constants.js';
import { StreamError, WrongPeerError } from './stream.error.js';
import type { OpenedStream } from './stream-opener.js';
import type { ResolvedStreamOptions } from './stream.options.js';
import { StreamRefusedError } from './stream-refused.error.js';

/** What it takes to open streams to one peer. */
export interface StreamSuccessionConfig {
  options: ResolvedStreamOptions;
  /** Largest reply in bytes that this peer takes. */
  maxBytes: number;
  /** Deepest nesting of a reply that this peer takes. */
  maxDepth: number;
  /** Opens one; rejects with a StreamRefusedError. */
  open(member: Member): Promise<OpenedStream>;
}

/** Who uses the streams. */
export interface StreamSuccessionOwner {
  /** There is a stream with room, or none is open any more: see what waits. */
  onChange(): void;
  /** No stream can be opened now. */
  onRefused(failure: StreamRefusedError): void;
  /** Something came from the peer. */
  onSign(): void;
  /** The message is larger than the peer takes on a stream. */
  onTooLarge(delivery: Delivery): void;
}

/** Streams that broke one after the other without a sign of life, after which no other is tried for now. */
const MAX_FAILURES = 3;

/**
 * The streams to one peer: one takes messages, its successor is opened in time, and those before it
 * finish what they have. The successor starts only when the receiver has started everything of the
 * stream before it, so that the order of messages holds.
 */
export class StreamSuccession implements ClientStreamOwner {
  private readonly streams = new Set<ClientStream>();
  private current: ClientStream | undefined;
  private successor: ClientStream | undefined;
  private opening = false;
  private failures = 0;
  private closed = false;

  constructor(
    public member: Member,
    private readonly config: StreamSuccessionConfig,
    private readonly owner: StreamSuccessionOwner,
  ) {}

  /** True if a stream is there that takes messages, or will in a moment. */
  get isOpen(): boolean {
    return this.current !== undefined;
  }

  /** True if that stream is held back by nothing but its bounds. */
  get isReady(): boolean {
    return this.current?.isOpen === true;
  }

  /** True while anything is under way. */
  get isBusy(): boolean {
    return this.opening || [...this.streams].some((each) => each.inFlight > 0);
  }

  /** True when no stream is left. */
  get isEmpty(): boolean {
    return this.streams.size === 0 && !this.opening;
  }

  /** Messages on the present stream that wait for their replies. */
  get inFlight(): number {
    return this.current?.inFlight ?? 0;
  }

  /** Writes what waits, as far as there is room. */
  fill(queue: DeliveryQueue): void {
    this.current?.fill(queue);
  }

  /** Opens a stream, unless that is under way. */
  open(): void {
    if (this.opening || this.closed) {
      return;
    }
    if (this.failures >= MAX_FAILURES) {
      this.refused(new StreamRefusedError(undefined, false));
      return;
    }
    this.opening = true;
    const renews = this.streams.size > 0;
    this.config.open(this.member).then(
      (opened) => this.onOpened(opened, renews),
      (failure: StreamRefusedError) => this.refused(failure),
    );
  }

  /** No more messages on the present stream; the next message opens another. */
  retire(): void {
    this.current?.end();
    this.current = undefined;
  }

  /** No more messages at all; those under way get their replies. */
  end(): void {
    this.closed = true;
    this.retire();
  }

  /** Breaks all streams. */
  destroy(cause: Error): void {
    this.closed = true;
    for (const stream of this.streams) {
      stream.break(cause);
    }
  }

  /** Heartbeats, and the renewal of a stream that has become old. */
  beat(now: number, stalled: boolean): void {
    for (const stream of this.streams) {
      stream.beat(now, stalled);
    }
    if (this.current?.isOpen) {
      this.keepFresh(this.current, now - this.current.openedAt);
    }
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    const next = [...this.streams].map((each) => each.expire(now, fail));
    return Math.min(Infinity, ...next);
  }

  onReady(stream: ClientStream): void {
    this.opening = false;
    if (this.closed) {
      stream.end();
    } else if (this.current) {
      this.successor = stream;
      this.current.end();
    } else {
      this.current = stream;
      this.owner.onChange();
    }
  }

  onStarted(stream: ClientStream): void {
    if (stream === this.current) {
      this.promote();
    }
  }

  onAway(stream: ClientStream): void {
    stream.end();
  }

  onRoom(): void {
    this.owner.onChange();
  }

  onSign(): void {
    this.failures = 0;
    this.owner.onSign();
  }

  onTooLarge(delivery: Delivery): void {
    this.owner.onTooLarge(delivery);
  }

  onClosed(stream: ClientStream, cause?: Error): void {
    this.streams.delete(stream);
    if (!stream.hello) {
      // Another peer at that address: what is meant for this one must not reach it.
      const isOther = cause instanceof WrongPeerError;
      this.refused(new StreamRefusedError(200, isOther, cause));
      return;
    }
    if (cause) {
      this.failures++;
    }
    if (stream === this.successor) {
      this.successor = undefined;
    } else if (stream === this.current) {
      this.promote();
    }
  }

  private promote(): void {
    this.current = this.successor;
    this.successor = undefined;
    this.owner.onChange();
  }

  private onOpened(opened: OpenedStream, renews: boolean): void {
    const { options, maxBytes, maxDepth } = this.config;
    const { heartbeatInterval: heartbeat, maxInFlight, openTimeout } = options;
    const stream = new ClientStream(
      this.member.id,
      opened,
      { heartbeat, maxBytes, maxDepth, maxInFlight, renews },
      this,
    );
    this.streams.add(stream);
    if (this.closed) {
      stream.break(new StreamError('the peer is gone'));
    }
    setTimeout(() => {
      if (!stream.hello) {
        stream.break(new StreamError('the receiver did not greet'));
      }
    }, openTimeout).unref();
  }

  private refused(failure: StreamRefusedError): void {
    this.opening = false;
    if (!this.current && !this.closed) {
      this.failures = 0;
      this.owner.onRefused(failure);
    }
  }

  /** Replaces a stream in time; one that could not be replaced ends in order before the receiver cuts it. */
  private keepFresh(stream: ClientStream, age: number): void {
    const receivers = stream.hello?.lifetime ?? Infinity;
    const own = this.config.options.maxLifetime;
    if (age > receivers * OVERDUE_SHARE) {
      stream.end();
    } else if (
      age > Math.min(own, receivers * LIFETIME_SHARE) &&
      !this.successor
    ) {
      this.open();
    }
  }
}
