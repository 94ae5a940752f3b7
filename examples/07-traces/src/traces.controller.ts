import { Controller, Get, Param } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { exporter } from './telemetry.js';

/** What a trace's backend would get from this replica. */
@Controller('traces')
export class TracesController {
  @Get(':id')
  spans(@Param('id') id: string) {
    return exporter
      .getFinishedSpans()
      .filter((span) => span.spanContext().traceId === id)
      .map((span) => ({
        name: span.name,
        kind: SpanKind[span.kind].toLowerCase(),
        id: span.spanContext().spanId,
        parent: span.parentSpanContext?.spanId,
        status: span.attributes['rpc.response.status_code'],
        at: process.env.NAME,
      }));
  }
}
