/** What becomes of a question to several peers. */
export interface QuestionListener {
  onValue(value: unknown): void;
  /** A peer has given all of its values, so many, or it is gone and gives no more. */
  onPeerDone?(values: number): void;
  /** All peers are done. */
  onDone(): void;
}

interface Asked {
  got: number;
  /** How many values the peer gives; Infinity until it has said so. */
  of: number;
}

/** Something that is asked of several peers, each of which gives a number of values. */
export class Question {
  readonly #asked = new Map<string, Asked>();
  readonly #listener: QuestionListener;

  constructor(listener: QuestionListener) {
    this.#listener = listener;
  }

  /** Peers that are not done. */
  get missing(): number {
    return this.#asked.size;
  }

  ask(peer: string): void {
    this.#asked.set(peer, { got: 0, of: Infinity });
  }

  /** @param of how many values the peer gives in all; undefined: it does not say so here */
  answer(peer: string, values: readonly unknown[], of?: number): void {
    const asked = this.#asked.get(peer);
    if (!asked) {
      return;
    }
    asked.of = of ?? asked.of;
    for (const value of values) {
      asked.got++;
      this.#listener.onValue(value);
    }
    if (asked.got >= asked.of) {
      this.#done(peer, asked);
    }
  }

  /** The peer gives nothing more. */
  gone(peer: string): void {
    const asked = this.#asked.get(peer);
    if (asked) {
      this.#done(peer, asked);
    }
  }

  #done(peer: string, { got }: Asked): void {
    this.#asked.delete(peer);
    this.#listener.onPeerDone?.(got);
    if (this.#asked.size === 0) {
      this.#listener.onDone();
    }
  }
}
