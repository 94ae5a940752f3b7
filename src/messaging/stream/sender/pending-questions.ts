import type { JsonObject } from '../../../wire/json.js';

/** Questions that may wait on one stream; the oldest is given up for one more. */
const MAX_QUESTIONS = 8;

/** Questions for a member's status that wait for their answers on a stream. */
export class PendingQuestions {
  readonly #waiting = new Map<number, (answer?: JsonObject) => void>();
  #last = 0;

  /** The promise has undefined where no answer comes. */
  add(): [id: number, answer: Promise<JsonObject | undefined>] {
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= MAX_QUESTIONS) {
      this.settle(oldest);
    }
    const id = ++this.#last;
    return [id, new Promise((resolve) => this.#waiting.set(id, resolve))];
  }

  settle(id: number, answer?: JsonObject): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  /** No answers come any more. */
  clear(): void {
    for (const id of this.#waiting.keys()) {
      this.settle(id);
    }
  }
}
