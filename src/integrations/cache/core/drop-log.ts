import type { Drop } from './drop.js';
import { MAX_CHARS, MAX_NAMES } from './drop-message.js';

type Dropped = { key: string } | { tag: string } | 'all';

/** The newest drops of this replica: each name has a number. */
export class DropLog {
  readonly #max: number;
  /** The drop with number `first` comes first. */
  #drops: Dropped[] = [];
  #first = 1;

  /** @param max drops that are remembered at least; twice as many at most */
  constructor(max: number) {
    this.#max = max;
  }

  /** Number of the last drop; 0 before the first. */
  get last(): number {
    return this.#first + this.#drops.length - 1;
  }

  add({ keys = [], tags = [], all = false }: Drop): void {
    if (all) {
      this.#first += this.#drops.length;
      this.#drops = ['all'];
      return;
    }
    for (const key of keys) {
      this.#drops.push({ key });
    }
    for (const tag of tags) {
      this.#drops.push({ tag });
    }
    if (this.#drops.length > 2 * this.#max) {
      const old = this.#drops.length - this.#max;
      this.#first += old;
      this.#drops = this.#drops.slice(old);
    }
  }

  /** What was dropped after a number: as much as one message holds, or everything where that is forgotten. */
  after(number: number): Drop & { upTo: number } {
    let at = number + 1 - this.#first;
    const keys = new Set<string>();
    const tags = new Set<string>();
    for (let chars = 0; at >= 0 && at < this.#drops.length; at++) {
      const drop = this.#drops[at]!;
      if (drop === 'all') {
        return { all: true, upTo: this.last };
      }
      const name = 'key' in drop ? drop.key : drop.tag;
      chars += name.length;
      if (
        keys.size + tags.size === MAX_NAMES ||
        (chars > MAX_CHARS && keys.size + tags.size > 0)
      ) {
        break;
      }
      ('key' in drop ? keys : tags).add(name);
    }
    return at < 0
      ? { all: true, upTo: this.last }
      : { keys: [...keys], tags: [...tags], upTo: this.#first + at - 1 };
  }
}
