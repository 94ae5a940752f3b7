import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonBytes,
} from '../../../wire/json.js';
import type { CoreContext } from '../context.js';
import { recordUpdate, stateUpdate } from '../dissemination/index.js';
import {
  bucketOf,
  DIGEST_BUCKETS,
  MIN_DIGEST_BUCKETS,
  overrides,
  readIncarnation,
  type MemberRecord,
} from '../member-list/index.js';
import { MAX_SYNC_BYTES } from '../options/membership.options.js';

/** Records for one body, as far as they fit. */
export interface Collected {
  readonly members: JsonObject[];
  /** True if there are more. */
  readonly more: boolean;
}

/** Buckets of a digest as they came; undefined for anything else. */
export function readBuckets(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const { length } = value;
  const fits =
    length >= MIN_DIGEST_BUCKETS &&
    length <= DIGEST_BUCKETS &&
    (length & (length - 1)) === 0;
  return fits && value.every((hash: JsonValue) => typeof hash === 'number')
    ? (value as number[])
    : undefined;
}

/** Numbers of buckets as they came, none of them out of range. */
export function readDiffering(value: unknown, count: number): Set<number> {
  const numbers = Array.isArray(value)
    ? (value as JsonValue[]).slice(0, count)
    : [];
  return new Set(
    numbers.filter(
      (n) => typeof n === 'number' && n >= 0 && n < count,
    ) as number[],
  );
}

/** The buckets in which two digests differ. */
export function differing(
  ours: readonly number[],
  theirs: readonly number[],
): number[] {
  return ours.flatMap((hash, index) => (hash === theirs[index] ? [] : [index]));
}

/**
 * All records in some of the buckets, this peer's own included, that the other side may not have. Where
 * they do not fit, whole buckets are left for later, so that those that were sent do not differ any more.
 */
export function collect(
  { list, self }: CoreContext,
  count: number,
  buckets: ReadonlySet<number>,
  lacks: (record: MemberRecord) => boolean,
): Collected {
  const isWanted = (record: MemberRecord) =>
    buckets.has(bucketOf(record.id, count)) && lacks(record);
  const wanted: MemberRecord[] = [];
  if (self.hasAddress && isWanted(self.record)) {
    wanted.push(self.record);
  }
  for (const record of list.records()) {
    if (isWanted(record) && !list.isHidden(record.id)) {
      wanted.push(record);
    }
  }
  const fitting =
    sizeOf(wanted) > MAX_SYNC_BYTES ? firstBuckets(wanted, count) : wanted;
  return {
    members: fitting.map(updateOf),
    more: fitting.length < wanted.length,
  };
}

/** The records of as many buckets as fit; of one at least, as far as that fits. */
function firstBuckets(
  records: readonly MemberRecord[],
  count: number,
): MemberRecord[] {
  const byBucket = new Map<number, MemberRecord[]>();
  for (const record of records) {
    const bucket = bucketOf(record.id, count);
    byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), record]);
  }
  const taken: MemberRecord[] = [];
  let bytes = 0;
  for (const bucket of byBucket.values()) {
    bytes += sizeOf(bucket);
    if (bytes > MAX_SYNC_BYTES && taken.length > 0) {
      break;
    }
    taken.push(...bucket);
  }
  while (taken.length > 1 && sizeOf(taken) > MAX_SYNC_BYTES) {
    taken.pop();
  }
  return taken;
}

function sizeOf(records: readonly MemberRecord[]): number {
  return records.reduce(
    (sum, record) => sum + jsonBytes(updateOf(record)) + 1,
    0,
  );
}

/** Tombstones of members that the other side still lists. */
export function contradictions(
  { list }: CoreContext,
  members: readonly JsonValue[],
): JsonObject[] {
  return members.flatMap((entry) => {
    if (!isJsonObject(entry) || typeof entry.id !== 'string') {
      return [];
    }
    const stone = list.peek(entry.id)
      ? undefined
      : list.tombstones.get(entry.id);
    const incarnation = readIncarnation(entry.incarnation) ?? 0;
    return stone && !overrides({ incarnation, state: 'alive' }, stone)
      ? [stateUpdate(stone)]
      : [];
  });
}

/** Ids and incarnations of the entries of a body. */
export function versionsOf(members: readonly JsonValue[]): Map<string, number> {
  const versions = new Map<string, number>();
  for (const entry of members) {
    if (isJsonObject(entry) && typeof entry.id === 'string') {
      versions.set(entry.id, readIncarnation(entry.incarnation) ?? 0);
    }
  }
  return versions;
}

/** A list in a body, bounded. */
export function readList(value: unknown, limit: number): readonly JsonValue[] {
  return Array.isArray(value) ? (value as JsonValue[]).slice(0, limit) : [];
}

function updateOf(record: MemberRecord): JsonObject {
  return recordUpdate(record, false);
}
