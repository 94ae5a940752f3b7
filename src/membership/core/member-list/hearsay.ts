/**
 * Members whom others have named, and whom no exchange has confirmed yet. Each reporter may have so many
 * of them outstanding: whoever invents members cannot fill the list with them.
 */
export class Hearsay {
  /** Who named them; whoever was not checked for the longest time comes first. */
  readonly #reporters = new Map<string, string>();
  readonly #outstanding = new Map<string, number>();

  readonly #limit: number;

  /** @param limit names that one reporter may have outstanding */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#reporters.size;
  }

  /** The name that was not checked for the longest time. */
  get first(): string | undefined {
    return this.#reporters.keys().next().value;
  }

  /** True while nothing but hearsay speaks for it. */
  has(id: string): boolean {
    return this.#reporters.has(id);
  }

  /** True if the reporter has to wait until what it said is confirmed, or found wrong. */
  isFull(reporter: string): boolean {
    return (this.#outstanding.get(reporter) ?? 0) >= this.#limit;
  }

  add(id: string, reporter: string): void {
    this.delete(id);
    this.#reporters.set(id, reporter);
    this.#count(reporter, 1);
  }

  /** It was confirmed, or it is gone. */
  delete(id: string): void {
    const reporter = this.#reporters.get(id);
    if (reporter === undefined) {
      return;
    }
    this.#reporters.delete(id);
    this.#count(reporter, -1);
  }

  /** The name whose turn it is to be checked. */
  next(): string | undefined {
    const id = this.first;
    if (id === undefined) {
      return undefined;
    }
    const reporter = this.#reporters.get(id)!;
    this.#reporters.delete(id);
    this.#reporters.set(id, reporter);
    return id;
  }

  clear(): void {
    this.#reporters.clear();
    this.#outstanding.clear();
  }

  #count(reporter: string, change: number): void {
    const count = (this.#outstanding.get(reporter) ?? 0) + change;
    if (count > 0) {
      this.#outstanding.set(reporter, count);
    } else {
      this.#outstanding.delete(reporter);
    }
  }
}
