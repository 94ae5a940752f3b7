const WORD = 32;

/**
 * Which counters of one sender were seen: the highest, and a bitmap of the ones right below it, as
 * IPsec does it (RFC 4303, section 3.4.3, with the ring of words of RFC 6479). What is older than the
 * window counts as seen.
 */
export class ReplayWindow {
  readonly #words: Uint32Array;
  #highest = -1;

  readonly #size: number;

  /** @param size counters below the highest that may still come, a multiple of 32 */
  constructor(size: number) {
    this.#size = size;
    // One word more, so that clearing the words ahead never touches the window.
    this.#words = new Uint32Array(size / WORD + 1);
  }

  /** True the first time for each counter that is not too old; remembers it. */
  accept(counter: number): boolean {
    if (counter > this.#highest) {
      this.#advanceTo(counter);
    } else if (this.#highest - counter >= this.#size) {
      return false;
    }
    const index = Math.floor(counter / WORD) % this.#words.length;
    const bit = 1 << (counter % WORD);
    if ((this.#words[index]! & bit) !== 0) {
      return false;
    }
    this.#words[index]! |= bit;
    return true;
  }

  #advanceTo(counter: number): void {
    const words = this.#words;
    const from = Math.floor(this.#highest / WORD);
    const steps = Math.min(Math.floor(counter / WORD) - from, words.length);
    for (let step = 1; step <= steps; step++) {
      words[(from + step) % words.length] = 0;
    }
    this.#highest = counter;
  }
}
