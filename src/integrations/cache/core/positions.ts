import type { Position } from './drop-message.js';

/** How far this replica has heard of others, each start of one by itself. Bounded: the one unheard longest is forgotten. */
export class Positions {
  readonly #max: number;
  readonly #numbers = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** 0 for what was never heard of: it has dropped nothing yet, or this replica has missed it. */
  of(epoch: string): number {
    return this.#numbers.get(epoch) ?? 0;
  }

  /** @returns false where something between was missed */
  advance(epoch: string, after: number, upTo: number): boolean {
    const number = this.of(epoch);
    this.#numbers.delete(epoch);
    this.#numbers.set(epoch, Math.max(number, upTo));
    if (this.#numbers.size > this.#max) {
      this.#numbers.delete(this.#numbers.keys().next().value!);
    }
    return number >= after;
  }

  all(): Position[] {
    return [...this.#numbers];
  }
}
