import {
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

/**
 * Ms between two looks at the event loop. Each wakes the process, which at rest should sleep; one that is
 * busy is late at most of them.
 */
const PERIOD = 500;

/**
 * How much longer than usual this process takes to react, in ms: what it has to forgive others before
 * it suspects them.
 */
@Injectable()
export class EventLoopDelay implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #delay = 0;

  /** A start-up is a busy time, and the first questions come right after it. */
  onModuleInit(): void {
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), PERIOD).unref();
  }

  /** How late the last look was, or how late the next one is by now. */
  read(): number {
    return this.#timer ? Math.max(this.#delay, this.#lateness()) : 0;
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#delay = Math.max(0, this.#lateness());
    this.#lookedAt = performance.now();
  }

  #lateness(): number {
    return performance.now() - this.#lookedAt - PERIOD;
  }
}
