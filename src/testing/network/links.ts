/** Which hosts reach which: all of them, until somebody cuts. A cut may be one-way. */
export class Links {
  readonly #cuts = new Set<Cut>();

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

  /** Everything reaches everything again. */
  heal(): void {
    this.#cuts.clear();
  }

  connects(from: string, to: string): boolean {
    for (const cut of this.#cuts) {
      if (cut.from.has(from) && cut.to.has(to)) {
        return false;
      }
    }
    return true;
  }
}

interface Cut {
  from: ReadonlySet<string>;
  to: ReadonlySet<string>;
}
