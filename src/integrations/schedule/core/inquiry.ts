import { readVerdict, type Answer } from './questions.js';
import type { Silence } from './schedule-ports.js';

/** One question to several peers, each asked once. */
export class Inquiry {
  readonly #self: string;
  readonly #ask: (peer: string) => Promise<Answer | Silence>;
  readonly #asked = new Map<string, Promise<Answer | Silence>>();
  #heard = 0;
  #strangers = 0;

  constructor(self: string, ask: (peer: string) => Promise<Answer | Silence>) {
    this.#self = self;
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

  /**
   * Who has it, where others name a peer: that one, if it says so itself or is silent; else whom it names;
   * or nobody.
   */
  async holder(
    named: string,
    before: ReadonlySet<string> = new Set([this.#self]),
  ): Promise<string | undefined> {
    const answer = await this.ask(named);
    const { by } = readVerdict(answer);
    if (typeof answer !== 'object' || by === named) {
      return named;
    }
    return by === undefined || before.has(by)
      ? undefined
      : this.holder(by, new Set([...before, named]));
  }

  async #count(peer: string): Promise<Answer | Silence> {
    const answer = await this.#ask(peer);
    this.#heard += typeof answer === 'object' ? 1 : 0;
    this.#strangers += answer === 'stranger' ? 1 : 0;
    return answer;
  }
}
