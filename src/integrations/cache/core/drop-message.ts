import type { Drop } from './drop.js';

/** Version of the messages; another one is refused. */
const VERSION = 1;

/** How far a replica has heard of another one: the name of its start, and the number of its last drop. */
export type Position = readonly [epoch: string, number: number];

/** All that one start of a replica dropped after one number, up to another. */
export interface DropMessage extends Drop {
  v: typeof VERSION;
  /** Name of the sender's start: its numbers begin with 1. */
  epoch: string;
  /** The receiver has to have heard everything up to this number, or it drops all it has. */
  after: number;
  /** Number of the last drop in here. */
  upTo: number;
  /** What the sender has heard of replicas that are gone. */
  gone?: readonly Position[];
}

/** What one message holds at most: keys and tags, and characters of them. */
export const MAX_NAMES = 1000;
export const MAX_CHARS = 100_000;
const MAX_GONE = 256;
const MAX_EPOCH = 64;

export function dropMessage(message: Omit<DropMessage, 'v'>): DropMessage {
  return { v: VERSION, ...message };
}

/** @returns what is wrong with it, as a text, where it is none */
export function readDropMessage(body: unknown): DropMessage | string {
  const message = body as Partial<Record<keyof DropMessage, unknown>>;
  if (message.v !== VERSION) {
    return `version ${VERSION} is spoken here, it has ${JSON.stringify(message.v)?.slice(0, 20)}`;
  }
  const { epoch, after, upTo, keys = [], tags = [], gone = [] } = message;
  const isRight =
    isEpoch(epoch) &&
    isNumber(after) &&
    isNumber(upTo) &&
    after <= upTo &&
    isNames(keys) &&
    isNames(tags) &&
    Array.isArray(gone) &&
    gone.length <= MAX_GONE &&
    gone.every(isPosition);
  return isRight
    ? { v: VERSION, epoch, after, upTo, keys, tags, gone, all: !!message.all }
    : 'it has no right epoch, after, upTo, keys, tags and gone';
}

function isNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_NAMES &&
    value.every((name) => typeof name === 'string')
  );
}

export function isPosition(value: unknown): value is Position {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    isEpoch(value[0]) &&
    isNumber(value[1])
  );
}

function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_EPOCH;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
