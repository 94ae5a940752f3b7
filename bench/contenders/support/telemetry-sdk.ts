import { metrics } from '@opentelemetry/api';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';

/** All spans are recorded and none goes anywhere: what is measured is what a process itself pays. */
const spans: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => {},
};

const points: PushMetricExporter = {
  export: (_, done) => done({ code: 0 }),
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** Starts the SDK of OpenTelemetry in this process. */
export function startSdk(): void {
  new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(spans)],
  }).register();
  const reader = new PeriodicExportingMetricReader({ exporter: points });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}
