import type { Member, PeerLane } from '../../../membership/index.js';
import type { JsonObject, JsonValue } from '../../../wire/json.js';
import type { OutgoingMessage } from '../../lanes/index.js';
import {
  ConnectionLostError,
  MessageTimeoutError,
  NoSuchPeerError,
  OverloadedError,
  UnreachableError,
  type InvalidBodyError,
} from '../../messaging.errors.js';
import { atTurnEnd, GROUP } from '../framing/index.js';
import { Delivery, DeliveryQueue } from './delivery.js';
import {
  NoStreamPlaceError,
  FORBIDDEN,
  type StreamRefusedError,
} from './stream-dialer.js';
import {
  StreamRotation,
  type StreamRotationConfig,
  type StreamRotationOwner,
} from './stream-rotation.js';

/** Messages that go by `/message` for want of a stream, a bounded number at the same time. */
class Fallback {
  #underWay = 0;

  readonly #max: number;
  readonly #sendOtherwise: (
    message: OutgoingMessage,
  ) => Promise<JsonValue | undefined>;
  /** There is room for more. */
  readonly #onRoom: () => void;

  constructor(
    max: number,
    sendOtherwise: (message: OutgoingMessage) => Promise<JsonValue | undefined>,
    onRoom: () => void,
  ) {
    this.#max = max;
    this.#sendOtherwise = sendOtherwise;
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#underWay < this.#max;
  }

  /** Sends what waits, as far as there is room. */
  drain(queue: DeliveryQueue): void {
    while (this.hasRoom) {
      const delivery = queue.shift();
      if (!delivery) {
        return;
      }
      const { message } = delivery;
      delivery.continueWith(delivery.inContext(() => this.send(message)));
    }
  }

  /** To be called only while there is room. */
  send(message: OutgoingMessage): Promise<JsonValue | undefined> {
    this.#underWay++;
    return this.#sendOtherwise(message).finally(() => {
      this.#underWay--;
      this.#onRoom();
    });
  }
}

/** Fewer messages of one turn are not worth a write of their own: it costs more in system calls than it gains that both sides are at work. */
const SMALLEST_GROUP = 32;

/** Ms that messages wait for a peer that could not be reached the last time; opening a stream goes on meanwhile. */
const PATIENCE = 500;

/** Refusals one after the other that are no matter of a moment any more. */
const LASTING = 2;

/** What a link needs of the lane around it. */
export interface PeerLinkContext extends StreamRotationConfig {
  /** Messages that go by `/message` at the same time, to one peer, while no stream can be opened to it. */
  maxFallback: number;
  /** Messages that wait for that, at most. */
  maxWaiting: number;
  /** Sends by `/message` instead. */
  sendOtherwise(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined>;
  /** Wants `expire()` to be called at this time at the latest. */
  watch(deadline: number): void;
  noteAlive(peerId: string): void;
  /** True while the cloud is so small that streams stay open without messages. */
  keepsOpen(): boolean;
  /** True while this peer is known to be off the lists of others. */
  isOut(): boolean;
  /** No stream to the peer can be opened, and it stays so. */
  onRefused(member: Member, reason: string): void;
}

/** The way to one peer: the messages that wait, and the streams that take them. */
export class PeerLink implements StreamRotationOwner {
  /** When a message last went over it, on the clock of `performance.now()`. */
  usedAt = performance.now();
  readonly #queue: DeliveryQueue;
  readonly #streams: StreamRotation;
  #scheduled = false;
  /** Messages since the last write. */
  #unflushed = 0;
  /** When to try again to open a stream, after none could be opened; 0: that has not been so. */
  #refusedUntil = 0;
  /** True if the last stream was refused to a peer that is no member. */
  #isUnknown = false;
  /** Why the peer could not be reached, until a stream to it is open. */
  #unreachable: StreamRefusedError | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** How messages travel; undefined until the first one does. */
  lane: PeerLane | undefined;
  /** Refusals since a stream was open, one after the other. */
  #refusals = 0;
  readonly #fallback: Fallback;

  readonly #context: PeerLinkContext;

  constructor(member: Member, context: PeerLinkContext) {
    this.#context = context;
    this.#queue = new DeliveryQueue(context.options.maxQueuedBytes);
    this.#streams = new StreamRotation(member, context, this);
    this.#fallback = new Fallback(
      context.maxFallback,
      (message) => this.#sendOtherwise(message),
      () => this.onChange(),
    );
  }

  get peerId(): string {
    return this.#streams.member.id;
  }

  /** True while somebody waits for something. */
  get isBusy(): boolean {
    return this.#streams.isBusy || !this.#queue.isEmpty;
  }

  /** Messages that wait until they can be sent. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** True while messages have to go another way: no stream could be opened, and none has been since. */
  get isRefused(): boolean {
    return this.#refusedUntil > 0;
  }

  /** True when nothing is left of it. */
  get isOver(): boolean {
    return (
      this.streamCount === 0 &&
      this.#queue.isEmpty &&
      !this.isRefused &&
      !this.#unreachable
    );
  }

  /** Streams to the peer, those that are being opened and those that end included. */
  get streamCount(): number {
    return this.#streams.count;
  }

  /** True while it has a stream that nobody uses now. */
  get isResting(): boolean {
    return this.#streams.isOpen && !this.isBusy;
  }

  send(message: OutgoingMessage): Promise<JsonValue | undefined> {
    if (this.isRefused && this.#queue.isEmpty && this.#fallback.hasRoom) {
      // At once, as a call of the sender's own: what follows its requests sees this one among them.
      this.#tryAgain();
      return this.#fallback.send(message);
    }
    return new Promise((resolve, reject) => {
      const delivery = new Delivery(this.peerId, message, resolve, reject);
      if (this.isRefused && this.#queue.length >= this.#context.maxWaiting) {
        delivery.reject(new OverloadedError(this.peerId));
        return;
      }
      if (!this.#streams.isOpen) {
        delivery.keepContext();
      }
      try {
        this.#queue.push(delivery);
      } catch (error) {
        delivery.reject(error as InvalidBodyError);
        return;
      }
      this.#context.watch(message.deadline);
      this.#sent();
    });
  }

  /** Asks for the peer's status over its stream; undefined where none is open. In a small cloud one is opened. */
  ask(body: JsonObject): Promise<JsonObject | undefined> | undefined {
    if (!this.#streams.isOpen && this.#context.keepsOpen()) {
      this.#tryAgain();
    }
    return this.#streams.ask(body);
  }

  /** The peer has another address now: new messages go there. */
  move(member: Member): void {
    const { ip, port, scheme } = this.#streams.member;
    this.#streams.member = member;
    if (member.ip !== ip || member.port !== port || member.scheme !== scheme) {
      this.#streams.retire();
    }
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number): number {
    const next = Math.min(
      this.#streams.expire(now, (each) => each.reject(timedOut(each))),
      this.#queue.expire(now, (each) => each.reject(this.#notSent(each))),
    );
    this.onChange();
    return next;
  }

  /** Finds out whether the peer is still there, where messages wait for it; false if there is no doubt. */
  checkSilence(now: number): boolean {
    return this.#streams.checkSilence(now);
  }

  /** Heartbeats, and the end of a stream that nobody uses. */
  beat(now: number, stalled: boolean): void {
    this.#streams.beat(now, stalled);
    const { idleTimeout } = this.#context.options;
    if (
      now - this.usedAt > idleTimeout &&
      this.isResting &&
      !this.#context.keepsOpen()
    ) {
      this.rest();
    }
  }

  /** Ends its stream in order; the next message opens another. */
  rest(): void {
    this.#streams.retire();
  }

  /** The peer has left: no new messages; those under way get their replies. Those that were not sent fail. */
  end(): void {
    this.#refusedUntil = 0;
    this.#unreachable = undefined;
    this.#streams.end();
    this.#queue.fail(
      ({ peerId }) => new NoSuchPeerError(peerId, { hasLeft: true }),
    );
  }

  /** Everything fails at once. */
  destroy(cause: Error): void {
    this.#streams.destroy(cause);
    this.#queue.fail(
      ({ peerId }) => new ConnectionLostError(peerId, { cause }),
    );
  }

  onChange(): void {
    if (this.#streams.isOpen) {
      this.#unreachable = undefined;
      this.#refusals = 0;
      this.#take('stream');
    }
    if (this.#streams.isOpen && this.isRefused) {
      this.#refusedUntil = 0;
      // Its messages went another way so far: by its last use it would be the first that makes room.
      this.usedAt = performance.now();
    }
    if (!this.#queue.isEmpty) {
      this.#schedule();
    }
  }

  onSign(): void {
    this.#context.noteAlive(this.peerId);
  }

  onTooLarge(delivery: Delivery): void {
    delivery.continueWith(this.#sendOtherwise(delivery.message));
  }

  onRefused(failure: StreamRefusedError): void {
    if (failure.unreachable) {
      this.#refusedUntil = 0;
      this.#unreachable = failure;
      this.#failUnreachable(failure);
      return;
    }
    this.#take('message', failure.reason);
    this.#warnOf(failure);
    this.#refusedUntil = performance.now() + failure.pause;
    this.#isUnknown = failure.status === FORBIDDEN;
    this.#fallback.drain(this.#queue);
  }

  /**
   * What is sent in one turn of the event loop goes out in one write; a large group in several, each as
   * soon as it is as much as the receiver still has, so that both sides are at work at the same time.
   */
  #sent(): void {
    this.#unflushed++;
    const { inFlight } = this.#streams;
    if (
      this.#unflushed >= Math.min(Math.max(inFlight, SMALLEST_GROUP), GROUP)
    ) {
      this.#fill();
    } else {
      this.#schedule();
    }
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      atTurnEnd(this.#flush);
    }
  }

  readonly #flush = () => {
    this.#scheduled = false;
    this.#fill();
  };

  #fill(): void {
    this.#unflushed = 0;
    if (this.#streams.isOpen) {
      this.usedAt = performance.now();
      this.#streams.fill(this.#queue);
    } else if (this.isRefused) {
      this.#tryAgain();
      this.#fallback.drain(this.#queue);
    } else if (!this.#queue.isEmpty) {
      this.#bePatient();
      this.#streams.open();
    }
  }

  /** What is sent to a peer that could not be reached need not wait for as long as the last one did. */
  #bePatient(): void {
    if (this.#unreachable && !this.#patience) {
      this.#patience = setTimeout(() => {
        this.#patience = undefined;
        if (this.#unreachable) {
          this.#failUnreachable(this.#unreachable);
        }
      }, PATIENCE).unref();
    }
  }

  #take(kind: PeerLane['kind'], reason?: string): void {
    const since = this.lane?.kind === kind ? this.lane.since : new Date();
    if (since !== this.lane?.since || reason !== this.lane.reason) {
      this.lane = Object.freeze({ kind, since, ...(reason && { reason }) });
    }
  }

  /** Once, as soon as it is no matter of a moment; places that are taken, and options of the peer's, are as they should be. */
  #warnOf(failure: StreamRefusedError): void {
    if (failure instanceof NoStreamPlaceError || failure.isOff) {
      return;
    }
    const wasLasting = this.#refusals >= LASTING;
    this.#refusals = failure.lasts ? LASTING : this.#refusals + 1;
    if (this.#refusals >= LASTING && !wasLasting) {
      this.#context.onRefused(this.#streams.member, failure.reason);
    }
  }

  #failUnreachable(cause: StreamRefusedError): void {
    this.#queue.fail(({ peerId }) => new UnreachableError(peerId, { cause }));
  }

  /** Opens a stream for messages to come, unless it is too soon for that, or of no use before this peer is back in. */
  #tryAgain(): void {
    const isVain = this.#isUnknown && this.#context.isOut();
    if (!isVain && performance.now() >= this.#refusedUntil) {
      this.#streams.open();
    }
  }

  #sendOtherwise(message: OutgoingMessage): Promise<JsonValue | undefined> {
    return this.#context.sendOtherwise(this.#streams.member, message);
  }

  /** Why a message that has waited here until its deadline has gone nowhere. */
  #notSent(delivery: Delivery): Error {
    // Only bounds can have held it back, over a stream that is ready or on its way by `/message`.
    if (this.#streams.isReady || this.isRefused) {
      return new OverloadedError(this.peerId);
    }
    return this.#streams.isOpen
      ? new UnreachableError(this.peerId)
      : timedOut(delivery);
  }
}

function timedOut({ peerId, message }: Delivery): MessageTimeoutError {
  return new MessageTimeoutError(peerId, message.timeout);
}
