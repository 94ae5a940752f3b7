import type { AnswerListener } from './pending-answers.js';
import { isAddress } from './subjects.js';

/** Ms that answers are waited for: for the first, and for more after it. */
const FIRST = 1000;
const MORE = 50;

/** Peers that answer on average, of many. */
const WANTED = 8;

/** Bytes of an address. */
const MAX_ADDRESS = 39;

/** Most of them that are taken. */
const MOST = 32;

/** Searches that one peer answers in a second. */
const ANSWERS = 20;

/** Finding peers of the cloud, and being found. */
export class PeerSearch {
  #answered = 0;

  readonly #size: () => number;

  /** @param size others that this peer knows */
  constructor(size: () => number) {
    this.#size = size;
  }

  /**
   * Addresses of those that answer, without this peer's own.
   *
   * @param ask asks all of them; what it throws is passed on
   */
  async run(ask: (listener: AnswerListener) => void): Promise<string[]> {
    const found = new Set<string>();
    await new Promise<void>((resolve) => {
      let timer = setTimeout(resolve, FIRST);
      const endIn = (ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(resolve, ms);
      };
      ask({
        maxBytes: MAX_ADDRESS,
        isForMany: true,
        onAnswer: ({ status, body }) => {
          const ip = body.toString('latin1');
          if (status === 200 && isAddress(ip) && found.size < MOST) {
            found.add(ip);
            if (found.size === 1) {
              endIn(MORE);
            }
          }
        },
        onNobody: () => endIn(0),
        onFailed: () => endIn(0),
      });
    });
    return [...found];
  }

  /** True for a few of many peers, and not too often. */
  mayAnswer(): boolean {
    const chance = WANTED / (this.#size() + 1);
    if (this.#answered >= ANSWERS || Math.random() >= chance) {
      return false;
    }
    if (this.#answered++ === 0) {
      setTimeout(() => (this.#answered = 0), 1000).unref();
    }
    return true;
  }
}
