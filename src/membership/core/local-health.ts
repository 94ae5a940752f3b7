/**
 * How well this peer itself keeps up (Lifeguard's local health): 0 is well. Its own timeouts stretch
 * with it, so that a slow peer doubts itself before it accuses others.
 */
export class LocalHealth {
  #score = 0;

  /** @param max the worst score */
  constructor(
    private readonly max: number,
    private readonly eventLoopDelay: () => number,
  ) {}

  get score(): number {
    return this.#score;
  }

  /** Worse for a positive change, better for a negative one. */
  note(change: number): void {
    this.#score = Math.min(this.max, Math.max(0, this.#score + change));
  }

  /** A timeout in ms, stretched by the score, and by the time that this process takes to react. */
  stretch(timeout: number): number {
    const delay = Math.min(
      Math.max(0, this.eventLoopDelay()),
      timeout * this.max,
    );
    return timeout * (1 + this.#score) + delay;
  }
}
