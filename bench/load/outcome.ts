import { isEcho, type EchoBody } from './body.js';
import { LatencyHistogram, type LatencySummary } from './latency-histogram.js';

/** What a load run found; crosses process borders. */
export interface LoadResult extends LatencySummary {
  /** Good replies. */
  count: number;
  errors: number;
  firstError?: string;
  elapsedMs: number;
  /** CPU time in µs that this process spent meanwhile, user and system. */
  cpuUs: number;
}

/** Collects what becomes of each message of one load run. */
export class Outcome {
  readonly #latencies = new LatencyHistogram();
  readonly #startedAt = performance.now();
  readonly #cpuAtStart = process.cpuUsage();
  #errors = 0;
  #firstError: string | undefined;

  /** A reply came, so long after it was due: good if it echoes the body. */
  reply(reply: unknown, body: EchoBody, ms: number): void {
    if (isEcho(reply, body)) {
      this.#latencies.record(ms);
    } else {
      this.failure(new Error(`not the echo: ${preview(reply)}`));
    }
  }

  /** Something was done right, so long after it was due. */
  done(ms: number): void {
    this.#latencies.record(ms);
  }

  failure(error: unknown): void {
    this.#errors++;
    this.#firstError ??= describe(error);
  }

  /** True when nothing works: many errors, not one good reply. */
  get hopeless(): boolean {
    return this.#errors >= 100 && this.#latencies.count === 0;
  }

  result(): LoadResult {
    const cpu = process.cpuUsage(this.#cpuAtStart);
    return {
      ...this.#latencies.summary(),
      count: this.#latencies.count,
      errors: this.#errors,
      ...(this.#firstError !== undefined && { firstError: this.#firstError }),
      elapsedMs: performance.now() - this.#startedAt,
      cpuUs: cpu.user + cpu.system,
    };
  }
}

/** One line about an error of any kind. */
export function describe(error: unknown): string {
  const text =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : typeof error === 'string'
        ? error
        : preview(error);
  return text.split('\n')[0]!.slice(0, 200);
}

function preview(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 120);
}
