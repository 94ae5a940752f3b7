/** Ms between two lines about the same cause. */
const LINE_INTERVAL = 10_000;
/** Causes that are told apart at a time; there are a dozen or two, and some have a part that others choose. */
const MAX_CAUSES = 64;

interface Cause {
  /** When the last line about it was written, in ms of the clock that the log was given. */
  last: number;
  /** Lines held back since. */
  held: number;
}

/** Writes warnings that others can provoke, at a limited rate for each cause: they must not fill the log. */
export class LimitedLog {
  /** In order of the last line: the oldest first. */
  readonly #causes = new Map<string, Cause>();

  readonly #logger: { warn(message: string): void };
  readonly #now: () => number;

  constructor(logger: { warn(message: string): void }, now: () => number) {
    this.#logger = logger;
    this.#now = now;
  }

  /** Writes what happened and why, unless a line about the same cause was written just now. */
  warn(happened: string, cause: string): void {
    const now = this.#now();
    const known = this.#causes.get(cause);
    if (known && now - known.last < LINE_INTERVAL) {
      known.held++;
      return;
    }
    if (!known && !this.#hasRoom(now)) {
      return;
    }
    this.#causes.delete(cause);
    this.#causes.set(cause, { last: now, held: 0 });
    const more = known?.held ? `; ${known.held} more of these before` : '';
    this.#logger.warn(`${happened}: ${cause}${more}`);
  }

  /** Old causes make room for new ones: whoever provokes many would silence all others otherwise. */
  #hasRoom(now: number): boolean {
    if (this.#causes.size < MAX_CAUSES) {
      return true;
    }
    const [oldest, { last }] = this.#causes.entries().next().value!;
    return now - last >= LINE_INTERVAL && this.#causes.delete(oldest);
  }
}

/** What a remote chose, for a line of the log: nothing but printable ASCII, so that nobody writes lines of their own. */
export function logText(text: string): string {
  return text.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
