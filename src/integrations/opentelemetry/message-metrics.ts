import {
  ValueType,
  type Attributes,
  type BatchObservableCallback,
  type Histogram,
  type Meter,
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
const SIDES = ['sender', 'handler'] as const;

/** Counts and times the messages of this peer. What can be looked at when it is exported costs little before. */
export class MessageMetrics implements MessageTracer {
  readonly #durations: Record<MessageTrace['side'], Histogram>;
  readonly #patterns = new BoundedNames();
  readonly #active = { sender: 0, handler: 0 };
  /** Messages that are over, by all that they are told apart by. */
  readonly #over = new Map<string, { attributes: Attributes; count: number }>();
  readonly #end: () => void;

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
    const messages = meter.createObservableCounter('peercloud.messages', {
      description: 'Messages that are over, those of integrations included.',
      unit: '{message}',
      valueType: ValueType.INT,
    });
    const active = meter.createObservableUpDownCounter(
      'peercloud.messages.active',
      {
        description:
          'Messages sent without a reply so far, and handlers at work.',
        unit: '{message}',
        valueType: ValueType.INT,
      },
    );
    const look: BatchObservableCallback = (result) => {
      for (const { attributes, count } of this.#over.values()) {
        result.observe(messages, count, attributes);
      }
      for (const side of SIDES) {
        const direction = { [ATTRIBUTE.direction]: DIRECTIONS[side] };
        result.observe(active, this.#active[side], direction);
      }
    };
    meter.addBatchObservableCallback(look, [messages, active]);
    this.#end = () =>
      meter.removeBatchObservableCallback(look, [messages, active]);
  }

  stop(): void {
    this.#end();
  }

  message<T>(trace: MessageTrace, work: () => Promise<T>): Promise<T> {
    this.#active[trace.side]++;
    const done = work();
    const end = () => {
      this.#active[trace.side]--;
      this.#count(trace);
      this.#time(trace);
    };
    done.then(end, end);
    return done;
  }

  /** Its messages count each. */
  broadcast<T>(_: unknown, work: () => Broadcast<T>): Broadcast<T> {
    return work();
  }

  #count(trace: MessageTrace): void {
    const { side, channel } = trace;
    const code = codeOf(trace);
    const key = `${side} ${code} ${channel}`;
    let entry = this.#over.get(key);
    if (!entry) {
      const attributes = {
        [ATTRIBUTE.direction]: DIRECTIONS[side],
        [ATTRIBUTE.outcome]: code,
        ...(channel !== undefined && { [ATTRIBUTE.channel]: channel }),
      };
      entry = { attributes, count: 0 };
      this.#over.set(key, entry);
    }
    entry.count++;
  }

  /** What a channel does not name is not a call. */
  #time(trace: MessageTrace): void {
    const { side, channel, pattern, duration = 0 } = trace;
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
