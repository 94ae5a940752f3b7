import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

/** Ms between two looks at the event loop. */
const RESOLUTION = 20;
/** Ms for which an answer holds: the question comes with each request, and each reading has its price. */
const SAMPLE_PERIOD = 100;
const NANOSECONDS = 1e6;

/**
 * How much longer than usual this process takes to react, in ms: what it has to forgive others before
 * it suspects them.
 */
@Injectable()
export class EventLoopDelay implements OnModuleInit, OnApplicationShutdown {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION });
  #longest = 0;
  #sampledAt = -Infinity;

  /** A start-up is a busy time, and the first questions come right after it. */
  onModuleInit(): void {
    this.#monitor.enable();
  }

  /** The longest delay of the last sample. */
  read(): number {
    const now = performance.now();
    if (now - this.#sampledAt >= SAMPLE_PERIOD) {
      this.#sampledAt = now;
      this.#longest = this.#sample();
    }
    return this.#longest;
  }

  onApplicationShutdown(): void {
    this.#monitor.disable();
  }

  #sample(): number {
    const longest = this.#monitor.max / NANOSECONDS - RESOLUTION;
    this.#monitor.reset();
    return Math.max(0, longest);
  }
}
