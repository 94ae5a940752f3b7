import {
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

/** Ms between two looks at the event loop, while nobody else has a timer for it. */
const PERIOD = 500;

/**
 * How much longer than usual this process takes to react, in ms: what it has to forgive others before
 * it suspects them. It is read off a timer that is there anyway, since each wakes the process, which at
 * rest should sleep.
 */
@Injectable()
export class EventLoopDelay implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires next. */
  #due = Infinity;
  #delay = 0;

  /** A start-up is a busy time, and the first questions come right after it. */
  onModuleInit(): void {
    this.#look(PERIOD);
    this.#timer ??= setInterval(() => this.#look(PERIOD), PERIOD).unref();
  }

  /** A timer of the caller's has fired, or is set up, and fires again in `ms`. */
  fires(ms: number): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#look(ms);
  }

  /** How late the last look was, or how late the next one is by now. */
  read(): number {
    return Math.max(this.#delay, performance.now() - this.#due);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
    this.#delay = 0;
  }

  #look(next: number): void {
    const now = performance.now();
    this.#delay = Math.max(0, now - this.#due);
    this.#due = now + next;
  }
}
