/** Times that are kept of each peer. */
const KEPT = 100;

/** How long the last questions to each peer took. */
export class RoundTripTimes {
  readonly #times = new Map<string, number[]>();

  add(id: string, ms: number): void {
    const times = this.#times.get(id) ?? [];
    times.push(ms);
    if (times.length > KEPT) {
      times.shift();
    }
    this.#times.set(id, times);
  }

  /** Ms; undefined before the first one. */
  of(id: string): { p50: number; p99: number } | undefined {
    const sorted = this.#times.get(id)?.toSorted((one, two) => one - two);
    const at = (share: number) => sorted![Math.floor(share * sorted!.length)]!;
    return sorted && { p50: at(0.5), p99: at(0.99) };
  }

  /** Forgets the peers that are no members any more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#times.keys()) {
      if (!ids.has(id)) {
        this.#times.delete(id);
      }
    }
  }
}
