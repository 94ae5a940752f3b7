/** The times at which messages are due: evenly spaced, or at random (Poisson) around the same rate. */
export class Schedule {
  #next: number;
  #seed = 20_240_229;

  readonly #end: number;
  readonly #ratePerSecond: number;
  readonly #random: boolean;

  constructor(
    start: number,
    end: number,
    ratePerSecond: number,
    random: boolean,
  ) {
    this.#end = end;
    this.#ratePerSecond = ratePerSecond;
    this.#random = random;
    this.#next = start + this.#gap();
  }

  get isOver(): boolean {
    return this.#next >= this.#end;
  }

  /** The next time that has come, or undefined while there is none. */
  take(now: number): number | undefined {
    if (this.#next > now || this.isOver) {
      return undefined;
    }
    const due = this.#next;
    this.#next += this.#gap();
    return due;
  }

  #gap(): number {
    const mean = 1000 / this.#ratePerSecond;
    return this.#random ? -Math.log(1 - this.#chance()) * mean : mean;
  }

  /** A fixed sequence (Numerical Recipes' generator), so that every run has the same arrivals. */
  #chance(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}
