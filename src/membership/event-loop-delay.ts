import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** Ms between two looks at the event loop. */
const RESOLUTION = 20;
const NANOSECONDS = 1e6;

/**
 * How much longer than usual this process takes to react, in ms: what it has to forgive others before
 * it accuses them. It starts to measure at the first question.
 */
@Injectable()
export class EventLoopDelay implements OnApplicationShutdown {
  private monitor: ReturnType<typeof monitorEventLoopDelay> | undefined;

  /** The longest delay since the last question. */
  read(): number {
    if (!this.monitor) {
      this.monitor = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.monitor.enable();
      return 0;
    }
    const longest = this.monitor.max / NANOSECONDS - RESOLUTION;
    this.monitor.reset();
    return Math.max(0, longest);
  }

  onApplicationShutdown(): void {
    this.monitor?.disable();
    this.monitor = undefined;
  }
}
