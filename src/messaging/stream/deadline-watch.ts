/** Shortest ms between two looks: deadlines are kept to within this. */
const GRANULARITY = 5;

/** One timer for any number of deadlines: it runs at the earliest and asks what comes next. */
export class DeadlineWatch {
  private timer: NodeJS.Timeout | undefined;
  private next = Infinity;

  /** @param expire fails what is past its deadline by `now`, and returns the next deadline */
  constructor(private readonly expire: (now: number) => number) {}

  /** Makes sure that `expire` runs at that time, on the clock of `performance.now()`. */
  watch(deadline: number): void {
    if (deadline < this.next) {
      this.next = deadline;
      this.arm(deadline - performance.now());
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.next = Infinity;
  }

  private arm(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.run, Math.max(GRANULARITY, Math.ceil(ms)));
    // The sockets keep the process alive for as long as anybody waits.
    this.timer.unref();
  }

  private readonly run = () => {
    const now = performance.now();
    this.next = this.expire(now);
    if (this.next !== Infinity) {
      this.arm(this.next - now);
    }
  };
}
