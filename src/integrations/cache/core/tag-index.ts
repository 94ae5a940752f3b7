/** Which keys have a tag, and which tags a key has. */
export class TagIndex {
  readonly #max: number;
  /** The key that was written longest ago first. */
  readonly #tagsOf = new Map<string, readonly string[]>();
  readonly #keysOf = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns a key for whose tags there is no room any more */
  set(key: string, tags: readonly string[]): string | undefined {
    this.delete(key);
    if (tags.length === 0) {
      return undefined;
    }
    this.#tagsOf.set(key, tags);
    for (const tag of tags) {
      const keys = this.#keysOf.get(tag) ?? new Set();
      this.#keysOf.set(tag, keys.add(key));
    }
    return this.#tagsOf.size > this.#max
      ? this.#tagsOf.keys().next().value
      : undefined;
  }

  keysOf(tag: string): Iterable<string> {
    return this.#keysOf.get(tag) ?? [];
  }

  delete(key: string): void {
    for (const tag of this.#tagsOf.get(key) ?? []) {
      const keys = this.#keysOf.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) {
        this.#keysOf.delete(tag);
      }
    }
    this.#tagsOf.delete(key);
  }

  clear(): void {
    this.#tagsOf.clear();
    this.#keysOf.clear();
  }
}
