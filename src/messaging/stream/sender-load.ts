/** Handlers at work for one sender, on all its streams together, and who waits for one of them to end. */
export class SenderLoad {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  /**
   * @param max handlers at work at the same time
   * @param onIdle none is at work any more
   */
  constructor(
    private readonly max: number,
    private readonly onIdle: () => void = () => undefined,
  ) {}

  get isFull(): boolean {
    return this.running >= this.max;
  }

  get isIdle(): boolean {
    return this.running === 0;
  }

  enter(): void {
    this.running++;
  }

  leave(): void {
    this.running--;
    // Who is called and finds it full again waits at the end: streams take turns.
    while (this.waiting.size > 0 && !this.isFull) {
      const [next] = this.waiting;
      this.waiting.delete(next!);
      next!();
    }
    if (this.isIdle) {
      this.onIdle();
    }
  }

  /** Calls back, once, when there is room. */
  wait(callback: () => void): void {
    this.waiting.add(callback);
  }

  /** Does not call back any more. */
  forget(callback: () => void): void {
    this.waiting.delete(callback);
  }
}
