import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as traces,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type {
  Broadcast,
  BroadcastTrace,
  MessageTrace,
  MessageTracer,
} from '../../index.js';
import { ATTRIBUTE, ending, SYSTEM } from './conventions.js';

/**
 * A span on each side of a message, and one around a broadcast. What a channel carries without a name is
 * housekeeping, and has none.
 */
export class MessageSpans implements MessageTracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  message<T>(trace: MessageTrace, work: () => Promise<T>): Promise<T> {
    if (isHousekeeping(trace)) {
      return work();
    }
    const inside =
      trace.side === 'sender' ? this.#sent(trace) : this.#received(trace);
    const done = context.with(inside, work);
    const end = () => endSpan(traces.getSpan(inside)!, trace);
    done.then(end, end);
    return done;
  }

  broadcast<T>(trace: BroadcastTrace, work: () => Broadcast<T>): Broadcast<T> {
    if (isHousekeeping(trace)) {
      return work();
    }
    const attributes = {
      ...attributesOf(trace),
      [ATTRIBUTE.peers]: trace.peers,
    };
    const name = `broadcast ${nameOf(trace)}`;
    const span = this.#tracer.startSpan(name, { attributes });
    const inside = traces.setSpan(context.active(), span);
    propagation.inject(inside, trace.metadata);
    const broadcast = context.with(inside, work);
    void broadcast.then((results) => {
      const failures = results.filter(({ error }) => error).length;
      span.setAttribute(ATTRIBUTE.failures, failures);
      span.end();
    });
    return broadcast;
  }

  /** The context goes along with the message. */
  #sent(trace: MessageTrace): Context {
    const { peer, metadata } = trace;
    const inside = this.#start(trace, SpanKind.CLIENT, context.active(), {
      [ATTRIBUTE.address]: peer.ip,
      [ATTRIBUTE.port]: peer.port,
    });
    propagation.inject(inside, metadata);
    return inside;
  }

  /** What is active here has nothing to do with the message: its parent is what came along with it. */
  #received(trace: MessageTrace): Context {
    const parent = propagation.extract(ROOT_CONTEXT, trace.metadata);
    return this.#start(trace, SpanKind.SERVER, parent);
  }

  #start(
    trace: MessageTrace,
    kind: SpanKind,
    parent: Context,
    more?: Attributes,
  ): Context {
    const attributes = {
      ...attributesOf(trace),
      [ATTRIBUTE.peer]: trace.peer.id,
      ...more,
    };
    const options = { kind, attributes };
    const span = this.#tracer.startSpan(nameOf(trace), options, parent);
    return traces.setSpan(parent, span);
  }
}

type Named = Pick<MessageTrace, 'pattern' | 'channel'>;

function isHousekeeping({ pattern, channel }: Named): boolean {
  return channel !== undefined && pattern === undefined;
}

function nameOf({ pattern = SYSTEM }: Named): string {
  return pattern;
}

function attributesOf({ pattern, channel }: Named): Attributes {
  return {
    [ATTRIBUTE.system]: SYSTEM,
    ...(pattern !== undefined && { [ATTRIBUTE.method]: pattern }),
    ...(channel !== undefined && { [ATTRIBUTE.channel]: channel }),
  };
}

function endSpan(span: Span, trace: MessageTrace): void {
  const attributes = ending(trace);
  span.setAttributes(attributes);
  if (attributes[ATTRIBUTE.error] !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
