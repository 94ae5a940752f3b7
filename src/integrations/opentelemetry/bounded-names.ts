import { OTHER } from './conventions.js';

/** Names that are told apart by one metric: others can make names, and each is kept for ever. */
const MAX_NAMES = 500;

/** The names that a metric has seen first; all further ones are one. */
export class BoundedNames {
  readonly #names = new Set<string>();

  of(name: string): string {
    if (this.#names.size < MAX_NAMES) {
      this.#names.add(name);
    }
    return this.#names.has(name) ? name : OTHER;
  }
}
