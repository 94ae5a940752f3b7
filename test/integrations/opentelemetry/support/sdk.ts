import { context, metrics, propagation, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';

type Measured = DataPoint<number | Histogram>;

/** The real SDK, which exports to memory. It is of the whole process: to be stopped after the test. */
export class Sdk {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(
    AggregationTemporality.CUMULATIVE,
  );
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: this.#metrics,
  });
  readonly #order = new Order();
  readonly #provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans), this.#order],
  });

  start({ withMetrics = true, withTraces = true } = {}): void {
    if (withTraces) {
      this.#provider.register();
    }
    if (withMetrics) {
      metrics.setGlobalMeterProvider(
        new MeterProvider({ readers: [this.#reader] }),
      );
    }
  }

  /** Spans that have ended since this was asked last, in the order of their start. */
  takeSpans(): ReadableSpan[] {
    const spans = this.#spans.getFinishedSpans();
    this.#spans.reset();
    return spans.sort((one, two) => this.#order.of(one) - this.#order.of(two));
  }

  /** The value, or the count, of a metric by the values of its attributes. */
  async measured(name: string): Promise<Record<string, number>> {
    await this.#reader.forceFlush();
    const last = this.#metrics.getMetrics().at(-1);
    const points = (last?.scopeMetrics ?? [])
      .flatMap((scope) => scope.metrics)
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints as Measured[]);
    return Object.fromEntries(
      points.map(({ attributes, value }) => [
        Object.values(attributes).join(' '),
        typeof value === 'number' ? value : value.count,
      ]),
    );
  }

  stop(): void {
    trace.disable();
    metrics.disable();
    context.disable();
    propagation.disable();
  }
}

/** Times of starts are whole milliseconds, and many spans share one. */
class Order implements SpanProcessor {
  readonly #starts = new Map<string, number>();

  onStart(span: ReadableSpan): void {
    this.#starts.set(span.spanContext().spanId, this.#starts.size);
  }

  of(span: ReadableSpan): number {
    return this.#starts.get(span.spanContext().spanId)!;
  }

  onEnd(): void {
    // Only starts are of interest.
  }

  async forceFlush(): Promise<void> {
    // Nothing waits.
  }

  async shutdown(): Promise<void> {
    // Nothing is open.
  }
}
