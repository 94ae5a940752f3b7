import {
  ValueType,
  type Counter,
  type Histogram,
  type Meter,
  type UpDownCounter,
} from '@opentelemetry/api';
import type { Broadcast, MessageTrace, MessageTracer } from '../../index.js';
import { BoundedNames } from './bounded-names.js';
import { ATTRIBUTE, codeOf, ending, SYSTEM } from './conventions.js';

/** Upper bounds in seconds, as the conventions for RPC have them. */
const SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** What the metrics call the sides of a message. */
const DIRECTIONS = { sender: 'sent', handler: 'received' } as const;

/** Counts and times the messages of this peer. */
export class MessageMetrics implements MessageTracer {
  readonly #durations: Record<MessageTrace['side'], Histogram>;
  readonly #messages: Counter;
  readonly #active: UpDownCounter;
  readonly #patterns = new BoundedNames();

  constructor(meter: Meter) {
    const histogram = (name: string, description: string) =>
      meter.createHistogram(name, {
        description,
        unit: 's',
        advice: { explicitBucketBoundaries: SECONDS },
      });
    this.#durations = {
      sender: histogram(
        'rpc.client.call.duration',
        'From the sending of a message to its last reply.',
      ),
      handler: histogram(
        'rpc.server.call.duration',
        'For how long the handler of a message was at work.',
      ),
    };
    this.#messages = meter.createCounter('peercloud.messages', {
      description: 'Messages that are over, those of integrations included.',
      unit: '{message}',
      valueType: ValueType.INT,
    });
    this.#active = meter.createUpDownCounter('peercloud.messages.active', {
      description:
        'Messages sent without a reply so far, and handlers at work.',
      unit: '{message}',
      valueType: ValueType.INT,
    });
  }

  message<T>(trace: MessageTrace, work: () => Promise<T>): Promise<T> {
    const direction = { [ATTRIBUTE.direction]: DIRECTIONS[trace.side] };
    this.#active.add(1, direction);
    const done = work();
    const end = () => {
      this.#active.add(-1, direction);
      this.#count(trace);
    };
    done.then(end, end);
    return done;
  }

  /** Its messages count each. */
  broadcast<T>(_: unknown, work: () => Broadcast<T>): Broadcast<T> {
    return work();
  }

  #count(trace: MessageTrace): void {
    const { side, channel, pattern, duration = 0 } = trace;
    this.#messages.add(1, {
      [ATTRIBUTE.direction]: DIRECTIONS[side],
      [ATTRIBUTE.outcome]: codeOf(trace),
      ...(channel !== undefined && { [ATTRIBUTE.channel]: channel }),
    });
    if (channel === undefined || pattern !== undefined) {
      this.#durations[side].record(duration / 1000, {
        [ATTRIBUTE.system]: SYSTEM,
        ...(pattern !== undefined && {
          [ATTRIBUTE.method]: this.#patterns.of(pattern),
        }),
        ...ending(trace),
      });
    }
  }
}
