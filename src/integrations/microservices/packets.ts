import { BadRequestException } from '@nestjs/common';
import type { ChannelTracing, JsonObject, JsonValue } from '../../index.js';

/** The channel of requests, events, and of who handles what. */
export const CHANNEL = 'nestjs-peercloud/microservices';

/** Characters of a pattern, and of a group's name, at most. */
const MAX_NAME_CHARS = 1024;

/** Patterns that one peer may say it handles. */
const MAX_PATTERNS = 10_000;

/** What a peer handles, as it tells the others. */
export type PatternList = {
  /** Another one after each start of the peer. */
  start: string;
  /** Rises with each change since that start. */
  version: number;
  /** Patterns of `@MessagePattern()`. */
  requests: string[];
  /** Patterns of `@EventPattern()`, each with a group; `''`: every peer that has it gets the event. */
  events: [pattern: string, group: string][];
};

/** What the channel carries. */
export type Packet =
  /** What the sender handles; answered by the receiver's own list. */
  | { list: PatternList }
  /** A request; its id is the sender's own, for what follows. */
  | { send: string; data: JsonValue; id: number }
  | { emit: string; data: JsonValue; group: string }
  /** More values of a request, as soon as there are any, and after `wait` ms at last. */
  | { next: number; wait: number }
  /** Nobody waits for the values of a request any more. */
  | { end: number };

/** The answer to a request, an event, and `next`. */
export type Answer =
  /** Nobody handles the pattern here, or nobody has the request: nothing was done. */
  | { none: true }
  /** Values in their order. With `more` others follow, when they are asked for; `error` is the end. */
  | { values: JsonValue[]; more?: true; error?: JsonValue };

/** Requests and events are called by their pattern; what else the channel carries is housekeeping. */
export const TRACING: ChannelTracing = {
  pattern: ({ send, emit }) => (send ?? emit) as string | undefined,
  failure(reply) {
    const answer = readAnswer(reply as JsonValue | undefined);
    if (answer && 'none' in answer) {
      return { outcome: 'NO_HANDLER' };
    }
    return answer?.error === undefined
      ? undefined
      : { outcome: 'RPC_EXCEPTION' };
  },
};

/** What events and `end` are answered with. */
export const TAKEN: Answer = { values: [] };

/** @throws BadRequestException for what is no packet */
export function readPacket(body: JsonValue): Packet {
  const packet = body as JsonObject;
  if (
    isList(packet['list']) ||
    (isName(packet['send']) && 'data' in packet && isId(packet['id'])) ||
    (isName(packet['emit']) && 'data' in packet && isName(packet['group'])) ||
    (isId(packet['next']) && isId(packet['wait'])) ||
    isId(packet['end'])
  ) {
    return packet as Packet;
  }
  throw new BadRequestException('this is no packet of microservices');
}

/** The answer of a peer, of which one without the channel has none; undefined for what is no answer. */
export function readAnswer(value: JsonValue | undefined): Answer | undefined {
  const answer = (value ?? { none: true }) as Partial<
    Record<'none' | 'values', unknown>
  >;
  return answer.none === true || Array.isArray(answer.values)
    ? (answer as Answer)
    : undefined;
}

/** The list in an answer; undefined for what is none. */
export function readListAnswer(
  answer: JsonObject | undefined,
): PatternList | undefined {
  const list = answer?.['list'];
  return isList(list) ? list : undefined;
}

function isList(value: unknown): value is PatternList {
  const list = value as Partial<Record<keyof PatternList, unknown>> | null;
  return (
    typeof list === 'object' &&
    list !== null &&
    isName(list.start) &&
    isId(list.version) &&
    isArrayOf(list.requests, isName) &&
    isArrayOf(list.events, isEvent)
  );
}

function isEvent(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(isName);
}

function isArrayOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return (
    Array.isArray(value) && value.length <= MAX_PATTERNS && value.every(test)
  );
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARS;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
