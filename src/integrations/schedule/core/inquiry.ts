import { readVerdict, type Answer } from './questions.js';
import type { Silence } from './schedule-ports.js';

/** One question to several peers, each asked once. */
export class Inquiry {
  readonly #ask: (peer: string) => Promise<Answer | Silence>;
  readonly #asked = new Map<string, Promise<Answer | Silence>>();
  #heard = 0;
  #strangers = 0;

  constructor(ask: (peer: string) => Promise<Answer | Silence>) {
    this.#ask = ask;
  }

  /** Some answered that they do not know this peer, and nobody that they do. */
  get isByStranger(): boolean {
    return this.#heard === 0 && this.#strangers > 0;
  }

  /** Those who answered, this peer included, and all who were asked. */
  get share(): { heard: number; of: number } {
    return { heard: this.#heard + 1, of: this.#asked.size + 1 };
  }

  ask(peer: string): Promise<Answer | Silence> {
    let answer = this.#asked.get(peer);
    if (!answer) {
      answer = this.#count(peer);
      this.#asked.set(peer, answer);
    }
    return answer;
  }

  /** Whether a peer that others name says itself that it has nothing. */
  async isFree(peer: string): Promise<boolean> {
    const answer = await this.ask(peer);
    return typeof answer === 'object' && readVerdict(answer).by === undefined;
  }

  async #count(peer: string): Promise<Answer | Silence> {
    const answer = await this.#ask(peer);
    this.#heard += typeof answer === 'object' ? 1 : 0;
    this.#strangers += answer === 'stranger' ? 1 : 0;
    return answer;
  }
}
