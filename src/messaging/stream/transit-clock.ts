/**
 * Tells how long something was on the way, without comparing the clocks of two machines: what came
 * fastest so far counts as not delayed, and the others by how much later they came.
 */
export class TransitClock {
  private offset = Infinity;

  /** Ms by which something that was sent at `sent` (the other clock) and is here at `now` is late. */
  delayOf(sent: number, now: number): number {
    const offset = now - sent;
    this.offset = Math.min(this.offset, offset);
    return offset - this.offset;
  }
}
