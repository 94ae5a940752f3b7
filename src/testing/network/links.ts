/** Which hosts reach which: all of them, until somebody cuts. A cut may be one-way. */
export class Links {
  readonly #cuts = new Set<Cut>();
  readonly #bars = new Set<Cut>();

  /**
   * Nothing from the first hosts reaches the second ones any more; the other way stays open.
   * @returns heals it
   */
  cut(from: Iterable<string>, to: Iterable<string>): () => void {
    const cut: Cut = { from: new Set(from), to: new Set(to) };
    this.#cuts.add(cut);
    return () => void this.#cuts.delete(cut);
  }

  /**
   * Nothing passes between the two sets of hosts in either direction.
   * @returns heals it
   */
  part(one: Iterable<string>, other: Iterable<string>): () => void {
    const first = new Set(one);
    const second = new Set(other);
    const heals = [this.cut(first, second), this.cut(second, first)];
    return () => heals.forEach((heal) => heal());
  }

  /**
   * The first hosts open no connection to the second ones any more, as if a firewall dropped what would
   * open it. What the second ones open to the first still works in both directions.
   * @returns heals it
   */
  bar(from: Iterable<string>, to: Iterable<string>): () => void {
    const bar: Cut = { from: new Set(from), to: new Set(to) };
    this.#bars.add(bar);
    return () => void this.#bars.delete(bar);
  }

  /** Everything reaches everything again. */
  heal(): void {
    this.#cuts.clear();
    this.#bars.clear();
  }

  /** True if what is sent from one host arrives at the other. */
  connects(from: string, to: string): boolean {
    return !isAmong(this.#cuts, from, to);
  }

  /** True if one host can open a connection to the other. */
  opens(from: string, to: string): boolean {
    return !isAmong(this.#bars, from, to);
  }
}

function isAmong(cuts: ReadonlySet<Cut>, from: string, to: string): boolean {
  for (const cut of cuts) {
    if (cut.from.has(from) && cut.to.has(to)) {
      return true;
    }
  }
  return false;
}

interface Cut {
  from: ReadonlySet<string>;
  to: ReadonlySet<string>;
}
