import type { Member } from '../../membership/core/membership.types.js';
import type { JsonValue } from '../../wire/json.js';
import type { InvalidBodyError } from '../errors/invalid-body.error.js';
import { MessageTimeoutError } from '../errors/message-timeout.error.js';
import { NoSuchPeerError } from '../errors/no-such-peer.error.js';
import { OverloadedError } from '../errors/overloaded.error.js';
import { UnreachableError } from '../errors/unreachable.error.js';
import type { OutgoingMessage } from '../lanes/message-lane.interface.js';
import { ClientStream, type ClientStreamOwner } from './client-stream.js';
import { DeliveryQueue } from './delivery-queue.js';
import { Delivery } from './delivery.js';
import {
  GROUP,
  GROUPS,
  LIFETIME_SHARE,
  OVERDUE_SHARE,
} from './stream.constants.js';
import { StreamError } from './stream.error.js';
import { StreamRefusedError, type OpenedStream } from './stream-opener.js';
import type { ResolvedStreamOptions } from './stream.options.js';

/** What a link needs of the lane around it. */
export interface PeerLinkContext {
  options: ResolvedStreamOptions;
  /** Largest reply in bytes that this peer takes. */
  maxBytes: number;
  open(member: Member): Promise<OpenedStream>;
  /** Sends by `/message` instead. */
  sendOtherwise(member: Member, message: OutgoingMessage): Promise<JsonValue>;
  /** Wants `expire()` to be called at this time at the latest. */
  watch(deadline: number): void;
  noteAlive(peerId: string): void;
}

/**
 * The way to one peer: the messages that wait, the stream that takes them, and the streams before it
 * that still finish what they have.
 */
export class PeerLink implements ClientStreamOwner {
  /** When a message was last given to it, on the clock of `performance.now()`. */
  usedAt = performance.now();
  private readonly queue: DeliveryQueue;
  private readonly streams = new Set<ClientStream>();
  /** The stream that takes messages. */
  private current: ClientStream | undefined;
  /** The next one, not greeted yet or waiting for the old one's end. */
  private successor: ClientStream | undefined;
  private opening = false;
  private scheduled = false;
  /** Messages since the last write. */
  private unflushed = 0;
  private failures = 0;
  /** Until then messages go by `/message`: no stream could be opened. */
  private refusedUntil = 0;
  private closed = false;

  constructor(
    private member: Member,
    private readonly context: PeerLinkContext,
  ) {
    this.queue = new DeliveryQueue(context.options.maxQueuedBytes);
  }

  get peerId(): string {
    return this.member.id;
  }

  /** True while somebody waits for something. */
  get isBusy(): boolean {
    return (
      this.opening ||
      !this.queue.isEmpty ||
      [...this.streams].some(({ inFlight }) => inFlight > 0)
    );
  }

  send(message: OutgoingMessage): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      const delivery = new Delivery(this.peerId, message, resolve, reject);
      try {
        this.queue.push(delivery);
      } catch (error) {
        delivery.reject(error as InvalidBodyError);
        return;
      }
      this.context.watch(message.deadline);
      this.sent();
    });
  }

  /** True while messages have to go another way. */
  get isRefused(): boolean {
    return this.refusedUntil > 0 && performance.now() < this.refusedUntil;
  }

  /** True when nothing is left of it. */
  get isOver(): boolean {
    return this.streams.size === 0 && !this.isBusy && !this.isRefused;
  }

  /** The peer has another address now: new messages go there. */
  move(member: Member): void {
    const { ip, port, scheme } = this.member;
    this.member = member;
    if (member.ip !== ip || member.port !== port || member.scheme !== scheme) {
      this.retire();
    }
  }

  /** Fails what is past its deadline; returns the next deadline. */
  expire(now: number): number {
    const isOpen = this.current?.isOpen === true;
    let next = Infinity;
    for (const delivery of this.queue.waiting()) {
      const { deadline } = delivery.message;
      if (deadline <= now) {
        // Over an open stream only its bounds can have held a message back.
        delivery.reject(
          isOpen ? new OverloadedError(this.peerId) : timedOut(delivery),
        );
      } else if (deadline < next) {
        next = deadline;
      }
    }
    for (const stream of this.streams) {
      const first = stream.expire(now, (each) => each.reject(timedOut(each)));
      next = Math.min(next, first);
    }
    if (isOpen) {
      this.schedule();
    }
    return next;
  }

  /** Heartbeats, renewal, and the end of a stream that nobody uses. */
  beat(now: number, stalled: boolean): void {
    for (const stream of this.streams) {
      stream.beat(now, stalled);
    }
    const { current } = this;
    if (!current?.isOpen) {
      return;
    }
    if (now - this.usedAt > this.context.options.idleTimeout && !this.isBusy) {
      this.retire();
    } else {
      this.keepFresh(current, now - current.openedAt);
    }
  }

  /** No new messages; those under way get their replies. Those that were not sent fail. */
  end(): void {
    this.closed = true;
    this.failQueue((peerId) => new NoSuchPeerError(peerId));
    this.retire();
  }

  /** Everything fails at once. */
  destroy(cause: Error): void {
    this.closed = true;
    for (const stream of this.streams) {
      stream.break(cause);
    }
    this.failQueue((peerId) => new NoSuchPeerError(peerId));
  }

  onReady(stream: ClientStream): void {
    this.opening = false;
    if (this.closed) {
      stream.end();
      return;
    }
    if (this.current) {
      // The new stream has to wait until all messages of the old one have been started.
      this.successor = stream;
      this.current.end();
    } else {
      this.current = stream;
      this.fill();
    }
  }

  onStarted(stream: ClientStream): void {
    if (stream === this.current) {
      this.current = undefined;
      this.promote();
    }
  }

  onAway(stream: ClientStream): void {
    stream.end();
  }

  onRoom(): void {
    this.fill();
  }

  onSign(): void {
    this.failures = 0;
    this.context.noteAlive(this.peerId);
  }

  onTooLarge(delivery: Delivery): void {
    this.divert(delivery);
  }

  onClosed(stream: ClientStream, cause?: Error): void {
    this.streams.delete(stream);
    if (!stream.hello) {
      this.opening = false;
      this.onRefused(new StreamRefusedError(200, false, cause));
      return;
    }
    if (cause) {
      this.failures++;
    }
    if (stream === this.successor) {
      this.successor = undefined;
    }
    if (stream === this.current) {
      this.current = undefined;
      this.promote();
    }
  }

  /** The stream that was opened ahead takes over; without one, what waits opens another. */
  private promote(): void {
    this.current = this.successor;
    this.successor = undefined;
    if (!this.queue.isEmpty) {
      this.schedule();
    }
  }

  /**
   * What is sent in one turn of the event loop goes out in one write; a large group in several, so that
   * the receiver is at work on the first while this side makes the next.
   */
  private sent(): void {
    this.unflushed++;
    const inFlight = this.current?.inFlight ?? 0;
    if (this.unflushed >= Math.max(GROUP, inFlight / GROUPS)) {
      this.fill();
    } else {
      this.schedule();
    }
  }

  private schedule(): void {
    if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.flush);
    }
  }

  private readonly flush = () => {
    this.scheduled = false;
    this.fill();
  };

  private fill(): void {
    this.unflushed = 0;
    if (this.current) {
      this.usedAt = performance.now();
      this.current.fill(this.queue);
    } else if (!this.opening && !this.closed && !this.queue.isEmpty) {
      this.open();
    }
  }

  private open(): void {
    if (this.failures >= MAX_FAILURES) {
      this.onRefused(new StreamRefusedError(undefined, false));
      return;
    }
    this.opening = true;
    const renews = this.current !== undefined;
    this.context.open(this.member).then(
      (opened) => this.onOpened(opened, renews),
      (failure: StreamRefusedError) => {
        this.opening = false;
        this.onRefused(failure);
      },
    );
  }

  private onOpened(opened: OpenedStream, renews: boolean): void {
    const { heartbeatInterval, maxInFlight } = this.context.options;
    const stream = new ClientStream(
      this.peerId,
      opened,
      {
        heartbeat: heartbeatInterval,
        maxBytes: this.context.maxBytes,
        maxInFlight,
        renews,
      },
      this,
    );
    this.streams.add(stream);
    if (this.closed) {
      stream.break(new StreamError('the peer is gone'));
    }
  }

  private onRefused(failure: StreamRefusedError): void {
    if (this.current) {
      return;
    }
    this.failures = 0;
    if (failure.unreachable) {
      this.failQueue(
        (peerId) => new UnreachableError(peerId, { cause: failure }),
      );
      return;
    }
    this.refusedUntil = performance.now() + pauseAfter(failure);
    for (const delivery of this.queue.waiting()) {
      this.divert(delivery);
    }
  }

  private divert(delivery: Delivery): void {
    delivery.continueWith(
      this.context.sendOtherwise(this.member, delivery.message),
    );
  }

  /** Replaces a stream in time; one that could not be replaced ends in order before the receiver cuts it. */
  private keepFresh(stream: ClientStream, age: number): void {
    const receivers = stream.hello?.lifetime ?? Infinity;
    const { maxLifetime } = this.context.options;
    if (age > receivers * OVERDUE_SHARE) {
      stream.end();
    } else if (
      age > Math.min(maxLifetime, receivers * LIFETIME_SHARE) &&
      !this.opening &&
      !this.successor
    ) {
      this.open();
    }
  }

  private retire(): void {
    this.current?.end();
    this.current = undefined;
  }

  private failQueue(errorOf: (peerId: string) => Error): void {
    for (const delivery of this.queue.waiting()) {
      delivery.reject(errorOf(this.peerId));
    }
  }
}

/** Streams that broke one after the other without a reply, after which `/message` takes over. */
const MAX_FAILURES = 3;

function timedOut({ peerId, message }: Delivery): MessageTimeoutError {
  return new MessageTimeoutError(peerId, message.timeout);
}

/** Ms until a stream is tried again: soon where the refusal is of the moment. */
function pauseAfter({ status }: StreamRefusedError): number {
  switch (status) {
    case 401:
    case 403:
    case 429:
    case 503:
      return 1000;
    case 404:
    case 405:
    case 415:
    case 501:
      return 300_000;
    default:
      return 10_000;
  }
}
