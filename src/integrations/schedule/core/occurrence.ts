import type { RunResult } from './questions.js';

/**
 * What is known of one occurrence here.
 * `new`: somebody spoke of it; `waiting`: it is time, and nobody was heard; `claiming`, `running`: here;
 * `taken`: by another peer; `over`: it ran, or never will.
 */
export type OccurrenceState =
  'new' | 'waiting' | 'claiming' | 'running' | 'taken' | 'over';

/** One occurrence of a job. */
export class Occurrence {
  state: OccurrenceState = 'new';
  /** Who has it, or had it. */
  by: string | undefined;
  result: RunResult | undefined;
  /** When it was time here, in ms of the monotonic clock. */
  tickedAt: number | undefined;
  timer: unknown;
  /** Those who could not run it. */
  readonly declined = new Set<string>();
  /** Resolves when this peer has no more to do with it. */
  readonly done: Promise<void>;

  #resolve!: () => void;

  /** @param time Unix time in ms, as it was scheduled */
  constructor(readonly time: number) {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  take(by: string): void {
    this.state = 'taken';
    this.by = by;
    this.#resolve();
  }

  end(by: string | undefined, result?: RunResult): void {
    this.state = 'over';
    this.by = by;
    this.result = result;
    this.#resolve();
  }
}

/** Of each job, so many are remembered. */
const MOST_OCCURRENCES = 64;
const BUSY: ReadonlySet<OccurrenceState> = new Set([
  'waiting',
  'claiming',
  'running',
]);

/** The last occurrences of a job. */
export class OccurrenceMemory {
  readonly #byTime = new Map<number, Occurrence>();
  #forgotten = -1;

  /** Whether an occurrence is older than what is remembered. */
  isForgotten(time: number): boolean {
    return time <= this.#forgotten;
  }

  get(time: number): Occurrence | undefined {
    return this.#byTime.get(time);
  }

  /** Made where there is none; not for one that is forgotten. */
  of(time: number): Occurrence {
    let occurrence = this.#byTime.get(time);
    if (!occurrence) {
      occurrence = new Occurrence(time);
      this.#byTime.set(time, occurrence);
      this.#forget();
    }
    return occurrence;
  }

  /** As if nobody had spoken of it. */
  drop(occurrence: Occurrence): void {
    this.#byTime.delete(occurrence.time);
  }

  /** Whether one that is older is still running somewhere. */
  hasUnfinished(time: number): boolean {
    return this.list().some(
      (one) =>
        one.time < time && (one.state === 'taken' || one.state === 'running'),
    );
  }

  /**
   * Whether another one is running here.
   * @param yields one that is only claimed does not count
   */
  isBusy(time: number, yields: boolean): boolean {
    return this.list().some(
      (one) =>
        one.time !== time &&
        (one.state === 'running' || (one.state === 'claiming' && !yields)),
    );
  }

  /** A peer that goes on to a newer one is done with those before. */
  endBefore(time: number, by: string): void {
    for (const one of this.#byTime.values()) {
      if (one.time < time && one.state === 'taken' && one.by === by) {
        one.end(by);
      }
    }
  }

  /** The newest first. */
  list(): Occurrence[] {
    return [...this.#byTime.values()].sort((a, b) => b.time - a.time);
  }

  values(): IterableIterator<Occurrence> {
    return this.#byTime.values();
  }

  /** A remote cannot make it grow: what it spoke of is forgotten as well. */
  #forget(): void {
    if (this.#byTime.size <= MOST_OCCURRENCES) {
      return;
    }
    const [oldest] = this.list()
      .filter(({ state }) => !BUSY.has(state))
      .slice(-1);
    if (oldest) {
      oldest.end(oldest.by, oldest.result);
      this.#byTime.delete(oldest.time);
      this.#forgotten = Math.max(this.#forgotten, oldest.time);
    }
  }
}
