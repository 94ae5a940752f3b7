/** Ms after which the fastest is looked for anew. */
const WINDOW = 10_000;

/**
 * Tells how long something was on the way, without comparing the clocks of two machines: what came
 * fastest lately counts as not delayed, and the others by how much later they came. Only lately, because
 * clocks drift apart, and stop with the virtual machine that they run on: what was fast before that
 * would make everything after it look late. For one or two windows after the sender's clock has stood
 * still it does, by as long as that was.
 */
export class TransitClock {
  /** The smallest differences of the clocks, in this window and in the one before. */
  #present = Infinity;
  #previous = Infinity;
  #windowEnd = -Infinity;

  /** Ms by which something that was sent at `sent` (the other clock) and is here at `now` is late. */
  delayOf(sent: number, now: number): number {
    if (now >= this.#windowEnd) {
      this.#previous =
        now < this.#windowEnd + WINDOW ? this.#present : Infinity;
      this.#present = Infinity;
      this.#windowEnd = now + WINDOW;
    }
    const offset = now - sent;
    this.#present = Math.min(this.#present, offset);
    return offset - Math.min(this.#present, this.#previous);
  }
}
