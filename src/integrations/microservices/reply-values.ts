import type { Observable, Subscription } from 'rxjs';
import type { JsonValue } from '../../index.js';
import {
  NOT_JSON,
  TOO_MANY_REQUESTS,
  TOO_SLOW,
} from './microservices.messages.js';
import type { Answer } from './packets.js';

/** Characters of JSON in one answer, about, and values in it. */
const BATCH_CHARS = 262_144;
const BATCH_VALUES = 1024;

/** Characters of JSON, and values, that wait for the other side; more end the request with an error. */
const MAX_WAITING_CHARS = 8_388_608;
const MAX_WAITING_VALUES = 65_536;

/** Requests of one peer that may be giving values. */
const MAX_REQUESTS = 1024;

/** Ms for which values wait to be asked for. */
const PATIENCE = 30_000;

/** A request that gives values: an Observable at this end, answers one after the other at the other. */
class ReplyValues {
  readonly #waiting: { value: JsonValue; chars: number }[] = [];
  #chars = 0;
  #isOver = false;
  #error: { reason: unknown } | undefined;
  #subscription: Subscription | undefined;
  #wake: (() => void) | undefined;

  get isOver(): boolean {
    return this.#isOver && this.#waiting.length === 0;
  }

  begin(source: Observable<unknown>): void {
    this.#subscription = source.subscribe({
      next: (value) => this.#add(value),
      error: (reason: unknown) => this.#end({ reason }),
      complete: () => this.#end(),
    });
    if (this.#isOver) {
      this.#subscription.unsubscribe();
    }
  }

  /** Resolves as soon as there is something to tell, or when the wait is over. */
  async next(wait: number): Promise<Answer> {
    if (this.#waiting.length === 0 && !this.#isOver) {
      await this.#something(wait);
    }
    // What comes in the same breath goes along: most have one value and end.
    await Promise.resolve();
    return this.#take();
  }

  stop(): void {
    this.#waiting.length = 0;
    this.#end();
  }

  #add(value: unknown): void {
    if (value === undefined || this.#isOver) {
      return;
    }
    const chars = charsOf(value);
    if (chars === undefined) {
      this.#end({ reason: NOT_JSON });
      return;
    }
    this.#waiting.push({ value: value as JsonValue, chars });
    this.#chars += chars;
    if (
      this.#chars > MAX_WAITING_CHARS ||
      this.#waiting.length > MAX_WAITING_VALUES
    ) {
      this.#end({ reason: TOO_SLOW });
    }
    this.#wake?.();
  }

  #end(error?: { reason: unknown }): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#error = error;
      this.#subscription?.unsubscribe();
      this.#wake?.();
    }
  }

  #something(wait: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(wait)
        ? setTimeout(resolve, wait)
        : undefined;
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(): Answer {
    const values: JsonValue[] = [];
    for (let chars = 0; this.#waiting.length > 0;) {
      const [first] = this.#waiting;
      chars += first!.chars;
      if (
        values.length > 0 &&
        (chars > BATCH_CHARS || values.length === BATCH_VALUES)
      ) {
        break;
      }
      values.push(first!.value);
      this.#chars -= first!.chars;
      this.#waiting.shift();
    }
    if (!this.isOver) {
      return { values, more: true };
    }
    return this.#error
      ? { values, error: errorOf(this.#error.reason) }
      : { values };
  }
}

/** The requests that give values, by the peer that asked. */
export class ReplyTable {
  readonly #byPeer = new Map<string, Map<number, Entry>>();

  /** Answers a request by the first values; what follows is asked for. */
  async open(
    peer: string,
    id: number,
    source: Observable<unknown>,
  ): Promise<Answer> {
    const requests = this.#byPeer.get(peer) ?? new Map<number, Entry>();
    this.#byPeer.set(peer, requests);
    if (requests.size >= MAX_REQUESTS || requests.has(id)) {
      return { values: [], error: TOO_MANY_REQUESTS };
    }
    const entry: Entry = { values: new ReplyValues(), timer: undefined };
    requests.set(id, entry);
    entry.values.begin(source);
    return this.#answer(peer, id, entry, Infinity);
  }

  async next(peer: string, id: number, wait: number): Promise<Answer> {
    const entry = this.#byPeer.get(peer)?.get(id);
    if (!entry) {
      return { none: true };
    }
    clearTimeout(entry.timer);
    return this.#answer(peer, id, entry, Math.min(wait, PATIENCE));
  }

  end(peer: string, id: number): void {
    const requests = this.#byPeer.get(peer);
    const entry = requests?.get(id);
    if (entry) {
      clearTimeout(entry.timer);
      requests!.delete(id);
      if (requests!.size === 0) {
        this.#byPeer.delete(peer);
      }
      entry.values.stop();
    }
  }

  /** All requests of a peer that is gone. */
  endAllOf(peer: string): void {
    for (const id of this.#byPeer.get(peer)?.keys() ?? []) {
      this.end(peer, id);
    }
  }

  endAll(): void {
    for (const peer of this.#byPeer.keys()) {
      this.endAllOf(peer);
    }
  }

  async #answer(
    peer: string,
    id: number,
    entry: Entry,
    wait: number,
  ): Promise<Answer> {
    const answer = await entry.values.next(wait);
    if (entry.values.isOver) {
      this.end(peer, id);
    } else {
      clearTimeout(entry.timer);
      entry.timer = setTimeout(() => this.end(peer, id), PATIENCE).unref();
    }
    return answer;
  }
}

interface Entry {
  readonly values: ReplyValues;
  /** Runs while nobody asks. */
  timer: NodeJS.Timeout | undefined;
}

/** An error as Nest's clients get it: whatever the filter made of the exception. */
export function errorOf(reason: unknown): JsonValue {
  if (reason instanceof Error) {
    return { status: 'error', message: reason.message };
  }
  if (!reason) {
    // A client of Nest takes only what is something for an error.
    return { status: 'error', message: String(reason) };
  }
  return charsOf(reason) === undefined ? NOT_JSON : (reason as JsonValue);
}

function charsOf(value: unknown): number | undefined {
  try {
    return JSON.stringify(value)?.length;
  } catch {
    return undefined;
  }
}
