import type { ReplicaReport } from './reports.js';

/** A run as the counter saw it begin. */
export interface CountedRun {
  occurrence: number;
  replica: string;
  /** Unix time in ms. */
  at: number;
}

/** A stay of the singleton on one replica. */
export interface Stay {
  replica: string;
  token: string;
  began: number;
  /** When it was last heard. */
  until: number;
}

/** What became of occurrences. */
export interface Verdict {
  total: number;
  /** Occurrences that did not run, Unix time in ms. */
  lost: number[];
  /** Runs too many. */
  double: number;
}

/** What ran, counted outside of the cloud; and what a database would have accepted, by the tokens. */
export class Counter {
  readonly runs: CountedRun[] = [];
  readonly accepted: number[] = [];
  readonly stays: Stay[] = [];
  takeovers = 0;
  refused = 0;
  #highest = -1n;

  take(replica: string, report: ReplicaReport): void {
    const at = Date.now();
    switch (report.type) {
      case 'ran':
        this.runs.push({ occurrence: report.occurrence, replica, at });
        break;
      case 'wrote':
        this.#write(report.occurrence, BigInt(report.token || 0));
        break;
      case 'began':
        this.stays.push({ replica, token: report.token, began: at, until: at });
        break;
      case 'alive':
      case 'ended': {
        const stay = this.stays.findLast((one) => one.replica === replica);
        if (stay) {
          stay.until = at;
        }
        break;
      }
      case 'took-over':
        this.takeovers += 1;
        break;
      case 'ready':
    }
  }

  /** The replica that ran last. */
  get lastRunner(): string | undefined {
    return this.runs.at(-1)?.replica;
  }

  /** Of the occurrences of [from, to). */
  verdict(
    from: number,
    to: number,
    occurrences: readonly number[] = this.runs.map(
      ({ occurrence }) => occurrence,
    ),
  ): Verdict {
    const counts = new Map<number, number>();
    for (const occurrence of occurrences) {
      counts.set(occurrence, (counts.get(occurrence) ?? 0) + 1);
    }
    const verdict: Verdict = { lost: [], double: 0, total: 0 };
    for (let time = Math.ceil(from / 1_000) * 1_000; time < to; time += 1_000) {
      const count = counts.get(time) ?? 0;
      verdict.total += 1;
      if (count === 0) {
        verdict.lost.push(time);
      }
      verdict.double += Math.max(0, count - 1);
    }
    return verdict;
  }

  /** A database that refuses a token lower than the highest one it has seen. */
  #write(occurrence: number, token: bigint): void {
    if (token < this.#highest) {
      this.refused += 1;
      return;
    }
    this.#highest = token;
    this.accepted.push(occurrence);
  }
}
