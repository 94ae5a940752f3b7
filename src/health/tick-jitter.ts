/** Share of the interval over which the processes spread: what is left keeps a tick off the next one. */
const PHASE = 0.8;
/** Share of the interval by which each tick wavers. */
const WAVER = 0.1;

/**
 * How long after the cron's beat a tick comes. Cron fires on the wall clock, in all processes at the
 * same moment: a phase of its own for each process spreads the load, and a little more for each tick
 * keeps two processes from meeting again and again.
 */
export class TickJitter {
  readonly #phase: number;

  readonly #interval: number;
  readonly #random: () => number;

  constructor(interval: number, random: () => number) {
    this.#interval = interval;
    this.#random = random;
    this.#phase = random() * PHASE * interval;
  }

  /** Ms to wait, always less than the interval. */
  next(): number {
    return this.#phase + this.#random() * WAVER * this.#interval;
  }
}
