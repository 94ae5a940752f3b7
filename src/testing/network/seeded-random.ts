const UINT32 = 0x1_0000_0000;

/**
 * Chance that can be repeated: the same seed and stream give the same numbers (generator: sfc32).
 * Streams of one seed are independent, so that one peer's draws do not shift another's.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param seed any whole number
   * @param stream which of the seed's independent sequences, from 0
   */
  constructor(
    readonly seed: number,
    stream = 0,
  ) {
    const mix = splitMix(seed ^ Math.imul(stream + 1, 0x9e3779b1));
    this.#a = mix();
    this.#b = mix();
    this.#c = mix() ^ stream;
    for (let round = 0; round < 12; round++) {
      this.uint32();
    }
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** A number from 0 (inclusive) to 1 (exclusive). */
  next(): number {
    return this.uint32() / UINT32;
  }

  /** A UUID v4. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () =>
      this.uint32().toString(16).padStart(8, '0'),
    ).join('');
    const variant = '89ab'[this.uint32() & 3]!;
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }
}

/** Spreads a small seed over whole words (generator: splitmix32). */
function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return word ^ (word >>> 15);
  };
}
