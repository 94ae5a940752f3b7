/** Weights of a new sample in the mean and in the deviation (RFC 6298). */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;

/** How much longer a wait gets after one that was too short, and at most. */
const BACKOFF = 1.5;
const MAX_BACKOFF = 8;

/** How long an answer may take, learned from those that came (as TCP does it). */
export class RoundTrips {
  #mean = 0;
  #deviation = 0;
  #backoff = 1;

  readonly #floor: number;
  readonly #ceiling: number;

  /**
   * @param floor ms that are waited at least
   * @param ceiling ms that are waited at most
   */
  constructor(floor: number, ceiling: number) {
    this.#floor = floor;
    this.#ceiling = ceiling;
  }

  /** An answer came after `ms`. */
  sample(ms: number): void {
    if (this.#mean === 0) {
      this.#mean = ms;
      this.#deviation = ms / 2;
    } else {
      const error = ms - this.#mean;
      this.#mean += error * MEAN_WEIGHT;
      this.#deviation += (Math.abs(error) - this.#deviation) * DEVIATION_WEIGHT;
    }
    this.#backoff = 1;
  }

  /** A member that is there did not answer in time: without waiting longer, there is nothing to learn from. */
  tooShort(): void {
    this.#backoff = Math.min(this.#backoff * BACKOFF, MAX_BACKOFF);
  }

  /** Ms to wait for an answer. */
  get timeout(): number {
    const learned = this.#mean + 4 * this.#deviation;
    return Math.min(
      Math.max(learned, this.#floor) * this.#backoff,
      this.#ceiling,
    );
  }
}
