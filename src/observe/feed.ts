import { jsonBytes, type JsonValue } from '../wire/json.js';

/** Most items that wait to be fetched, and the bytes of them; the one that goes beyond is taken still. */
const MAX_ITEMS = 1000;
const MAX_BYTES = 1024 * 1024;

/** Ms that a question waits for the first item. */
const WAIT = 10_000;

/** Ms after which nobody counts as listening any more. */
const IDLE = 30_000;

/** What has come since the last time. */
export interface FeedPart {
  items: JsonValue[];
  /** Items that had to make room before they were fetched. */
  missed: number;
  /** Nothing more comes. */
  done: boolean;
}

/** An answer that comes piece by piece: it is fetched by questions, each of which waits for the next piece. */
export class Feed {
  readonly #ending = new AbortController();
  #items: JsonValue[] = [];
  #bytes = 0;
  #missed = 0;
  #isOver = false;
  #onItem: () => void = () => undefined;
  #onRoom: () => void = () => undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    this.#startIdling();
  }

  /** Fires when nobody listens any more. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Adds an item; resolves as soon as there is room for another. */
  push(item: JsonValue): Promise<void> {
    this.#items.push(item);
    this.#bytes += jsonBytes(item);
    this.#onItem();
    return this.#isFull && !this.signal.aborted
      ? new Promise((resolve) => (this.#onRoom = resolve))
      : Promise.resolve();
  }

  /** Adds an item that nobody can hold back: where there is no room, the oldest goes. */
  offer(item: JsonValue): void {
    while (this.#isFull) {
      this.#bytes -= jsonBytes(this.#items.shift()!);
      this.#missed++;
    }
    void this.push(item);
  }

  /** Nothing more comes. */
  finish(): void {
    this.#isOver = true;
    this.#onItem();
  }

  /** What is there; else it waits for the first item, for 10 s at most. */
  async take(): Promise<FeedPart> {
    clearTimeout(this.#idle);
    if (this.#items.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, WAIT).unref();
        this.#onItem = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const items = this.#items;
    const missed = this.#missed;
    this.#items = [];
    this.#bytes = 0;
    this.#missed = 0;
    this.#onRoom();
    this.#startIdling();
    return { items, missed, done: this.#isOver };
  }

  /** Nobody listens any more. */
  end(): void {
    clearTimeout(this.#idle);
    this.#ending.abort();
    this.#onRoom();
    this.finish();
  }

  get #isFull(): boolean {
    return this.#items.length >= MAX_ITEMS || this.#bytes >= MAX_BYTES;
  }

  #startIdling(): void {
    clearTimeout(this.#idle);
    if (!this.signal.aborted) {
      this.#idle = setTimeout(() => this.end(), IDLE).unref();
    }
  }
}
