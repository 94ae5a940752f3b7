import { LIFETIME_SHARE, OVERDUE_SHARE } from './stream.constants.js';

/** What there is to know of a stream's age. */
export interface AgeingStream {
  /** When it was asked for, on the clock of `performance.now()`. */
  readonly openedAt: number;
  /** Ms after which the receiver cuts it; undefined where it does not. */
  readonly lifetime: number | undefined;
}

/** Who replaces the stream. */
export interface RenewalOwner {
  /** It is time to replace it. Called again until another is watched. */
  onDue(): void;
  /** It takes no more messages: the receiver will cut it soon. */
  onOverdue(): void;
}

/** Shortest lifetime that is believed, in ms. */
const MIN_LIFETIME = 100;

/** Ms, at most, between two attempts to replace a stream. */
const TRY_AGAIN = 1000;

/** Says when a stream has to be replaced. The receiver's clock runs since the stream was asked for. */
export class RenewalTimer {
  #timer: NodeJS.Timeout | undefined;

  readonly #maxLifetime: number;
  readonly #owner: RenewalOwner;

  constructor(maxLifetime: number, owner: RenewalOwner) {
    this.#maxLifetime = maxLifetime;
    this.#owner = owner;
  }

  /** Watches that stream, and no other. */
  watch({ openedAt, lifetime = Infinity }: AgeingStream): void {
    const cutAt = Math.max(lifetime, MIN_LIFETIME);
    const overdueAt = openedAt + cutAt * OVERDUE_SHARE;
    const again = Math.min(TRY_AGAIN, cutAt * (1 - OVERDUE_SHARE));
    const look = () => {
      const now = performance.now();
      if (now >= overdueAt) {
        this.#owner.onOverdue();
      } else {
        this.#arm(Math.min(overdueAt, now + again), look);
        this.#owner.onDue();
      }
    };
    const due = Math.min(this.#maxLifetime, cutAt * LIFETIME_SHARE);
    this.#arm(openedAt + due, look);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(at: number, look: () => void): void {
    clearTimeout(this.#timer);
    // What is left may be less than nothing; the sockets keep the process alive for as long as it needs.
    this.#timer = setTimeout(look, Math.ceil(at - performance.now())).unref();
  }
}
