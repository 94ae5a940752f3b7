/** Ms between two lines about the same cause. */
const LINE_INTERVAL = 10_000;
/** Causes that are told apart; there are a dozen or two. */
const MAX_CAUSES = 64;

/** Writes warnings that others can provoke, at a limited rate for each cause: they must not fill the log. */
export class LimitedLog {
  private readonly causes = new Map<string, { last: number; held: number }>();

  constructor(
    private readonly logger: { warn(message: string): void },
    private readonly now: () => number,
  ) {}

  /** Writes what happened and why, unless a line about the same cause was written just now. */
  warn(happened: string, cause: string): void {
    const now = this.now();
    const known = this.causes.get(cause);
    if (known && now - known.last < LINE_INTERVAL) {
      known.held++;
      return;
    }
    if (!known && this.causes.size >= MAX_CAUSES) return;
    this.causes.set(cause, { last: now, held: 0 });
    const more = known?.held ? `; ${known.held} more of these before` : '';
    this.logger.warn(`${happened}: ${cause}${more}`);
  }
}
