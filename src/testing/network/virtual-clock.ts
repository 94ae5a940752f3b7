import { EventQueue, type QueuedEvent } from './event-queue.js';
import type { Clock } from '../../membership/index.js';

// Kept, since tests of applications put other ones in their place, which stand still.
const { setImmediate } = globalThis;
const nextTick = process.nextTick.bind(process);

/** Events to a turn unless told otherwise. */
const EVENTS_PER_TURN = 2048;

/** Where virtual time starts unless told otherwise. */
const START = Date.UTC(2026, 0, 1);

/**
 * A clock whose time passes only while `run` or `runUntil` is awaited, and then as fast as the work
 * allows. Between two events all promises settle, so that one order of events is the only one possible.
 */
export class VirtualClock implements Clock {
  readonly #events = new EventQueue();
  #elapsed = 0;
  #handled = 0;
  readonly #eventsPerTurn: number;

  /**
   * @param start Unix time in ms at which virtual time starts
   * @param eventsPerTurn events after which timers, sockets and signals of the real process get their turn
   */
  constructor(
    readonly start = START,
    eventsPerTurn = EVENTS_PER_TURN,
  ) {
    this.#eventsPerTurn = eventsPerTurn;
  }

  now(): number {
    return this.start + Math.floor(this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Events handled so far. */
  get handled(): number {
    return this.#handled;
  }

  /** When the next timer is due, on the clock of `monotonic()`; Infinity where none waits. */
  get next(): number {
    return this.#events.next;
  }

  /** Timers that are waiting. */
  get pending(): number {
    return this.#events.size;
  }

  setTimeout(callback: () => void, ms: number): QueuedEvent {
    return this.#events.add(this.#elapsed + Math.max(0, ms), callback);
  }

  clearTimeout(timer: unknown): void {
    if (timer) {
      this.#events.cancel(timer as QueuedEvent);
    }
  }

  /** Lets time pass at once, until a timer is due at most. */
  pass(ms: number): void {
    this.#elapsed = Math.min(this.#elapsed + ms, this.next);
  }

  /**
   * Lets virtual time pass.
   * @param ms how much of it
   */
  async run(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await settled();
    for (;;) {
      const event = this.#events.take(until);
      if (!event) {
        break;
      }
      this.#elapsed = event.due;
      event.callback();
      await settled();
      if (++this.#handled % this.#eventsPerTurn === 0) {
        await turn();
      }
    }
    this.#elapsed = until;
  }

  /**
   * Lets virtual time pass until the condition holds.
   * @returns true if it does, false if `timeout` ms passed before
   */
  async runUntil(
    condition: () => boolean,
    { timeout, every = 50 }: { timeout: number; every?: number },
  ): Promise<boolean> {
    const end = this.#elapsed + timeout;
    await settled();
    while (!condition()) {
      if (this.#elapsed >= end) {
        return false;
      }
      await this.run(Math.min(every, end - this.#elapsed));
    }
    return true;
  }

  /**
   * Lets virtual time pass until the work is done.
   * @returns what it came to
   */
  async complete<T>(work: Promise<T>, timeout = 60_000): Promise<T> {
    let done = false;
    const mark = () => void (done = true);
    void work.then(mark, mark);
    if (!(await this.runUntil(() => done, { timeout }))) {
      throw new Error(`not done within ${timeout} ms of virtual time`);
    }
    return work;
  }
}

/**
 * Resolves when no promise reaction is left to run. Node empties the whole microtask queue before
 * each tick queued from within it, which is far cheaper than a turn of the event loop.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
