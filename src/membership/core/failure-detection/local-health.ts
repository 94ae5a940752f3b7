import type { Clock } from '../clock.js';

/** Ms in which a delay of the event loop that is over counts half. */
const HALF_LIFE = 2000;

/** How much a delay of the event loop may add to a timeout, in timeouts. */
const MAX_SLACK = 3;

/**
 * How well this peer itself keeps up (Lifeguard's local health): 0 is well. Its own timeouts stretch
 * with it, so that a slow peer doubts itself before it accuses others.
 */
export class LocalHealth {
  #score = 0;
  #delay = 0;
  #delayAt = 0;

  readonly #max: number;
  readonly #eventLoopDelay: () => number;
  readonly #clock: Clock;

  /**
   * @param max the worst score
   * @param eventLoopDelay how late this process has reacted since the last question, in ms
   */
  constructor(max: number, eventLoopDelay: () => number, clock: Clock) {
    this.#max = max;
    this.#eventLoopDelay = eventLoopDelay;
    this.#clock = clock;
  }

  get score(): number {
    return this.#score;
  }

  /** Worse for a positive change, better for a negative one. */
  note(change: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + change));
  }

  /** A timeout in ms for judging others, stretched by the score. */
  stretch(timeout: number): number {
    return timeout * (1 + this.#score);
  }

  /** Ms that a wait of `timeout` ms needs on top, because this process is slow to notice its end. */
  slack(timeout: number): number {
    const now = this.#clock.monotonic();
    const held = this.#delay * 0.5 ** ((now - this.#delayAt) / HALF_LIFE);
    this.#delay = Math.max(held, this.#eventLoopDelay());
    this.#delayAt = now;
    return Math.min(this.#delay, timeout * MAX_SLACK);
  }
}
