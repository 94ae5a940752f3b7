import fc from 'fast-check';
import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { JsonValue } from '../../../wire/json.js';
import type { CoreContext } from '../context.js';
import { TypedEmitter } from '../../../util/typed-emitter.js';
import {
  ListRoom,
  makeRecord,
  MemberList,
  Tombstones,
  type MemberListEvents,
} from '../member-list/index.js';
import { MAX_SYNC_BYTES } from '../options/membership.options.js';
import {
  collect,
  contradictions,
  differing,
  readBuckets,
  readDiffering,
  readList,
  versionsOf,
} from './sync-body.js';

const ALL = new Set(Array.from({ length: 16 }, (_, index) => index));

function member(id: string, incarnation = 1, data = {}) {
  const port = 1 + (Number.parseInt(id.slice(1), 10) || 0);
  return makeRecord(
    { id, ip: '10.0.0.1', port, data, features: ['sync'], incarnation },
    'alive',
  );
}

function makeContext(...members: ReturnType<typeof member>[]) {
  const limits = { maxPeers: 10_000, maxListBytes: 1e9, maxHearsay: 10_000 };
  const stones = new Tombstones(new VirtualClock(), 1e9, 1000);
  const list = new MemberList(
    new TypedEmitter<MemberListEvents>(),
    stones,
    new ListRoom(limits),
  );
  for (const one of members) {
    list.apply(one, { origin: 'sync' });
  }
  const self = { hasAddress: true, record: member('self') };
  return { list, self } as unknown as CoreContext & { list: MemberList };
}

const idsOf = (entries: readonly JsonValue[]) => [
  ...versionsOf(entries).keys(),
];

describe('bodies of /sync', () => {
  it('reads buckets of a digest, and nothing else', () => {
    const buckets = Array.from({ length: 16 }, (_, index) => index);
    expect(readBuckets(buckets)).toEqual(buckets);
    for (const nonsense of [
      undefined,
      null,
      'x',
      {},
      [],
      buckets.slice(1),
      [...buckets, 1],
      Array(2048).fill(0),
      buckets.map(String),
      [...buckets.slice(1), null],
    ]) {
      expect(readBuckets(nonsense)).toBeUndefined();
    }
  });

  it('reads numbers of buckets in their range', () => {
    expect(readDiffering([0, 3, 3, 15, 16, -1, '4', null], 16)).toEqual(
      new Set([0, 3, 15]),
    );
    expect(readDiffering('3', 16)).toEqual(new Set());
    expect(readDiffering(Array(99_999).fill(1), 16)).toEqual(new Set([1]));
  });

  it('finds the buckets that differ', () => {
    expect(differing([1, 2, 3], [1, 9, 3])).toEqual([1]);
    expect(differing([1, 2], [1, 2])).toEqual([]);
    expect(differing([1, 2], [])).toEqual([0, 1]);
  });

  it('reads lists up to their limit', () => {
    expect(readList([1, 2, 3], 2)).toEqual([1, 2]);
    expect(readList({ length: 3 }, 2)).toEqual([]);
    expect(readList(undefined, 2)).toEqual([]);
  });

  it('collects what the other side lacks, this peer included', () => {
    const ctx = makeContext(member('m1'), member('m2'), member('m3'));
    const { members, more } = collect(ctx, 16, ALL, ({ id }) => id !== 'm2');
    expect(idsOf(members)).toEqual(['self', 'm1', 'm3']);
    expect(more).toBe(false);
    expect(collect(ctx, 16, new Set(), () => true).members).toEqual([]);
  });

  it('does not tell of members that are in doubt', () => {
    const ctx = makeContext(member('m1'), member('m2'));
    ctx.list.hide('m1');
    const { members } = collect(ctx, 16, ALL, () => true);
    expect(idsOf(members)).toEqual(['self', 'm2']);
  });

  it('collects every member in exactly one bucket', () => {
    const all = Array.from({ length: 50 }, (_, index) => member(`m${index}`));
    const ctx = makeContext(...all);
    const found = [...ALL].flatMap((bucket) =>
      idsOf(collect(ctx, 16, new Set([bucket]), () => true).members),
    );
    expect(found).toHaveLength(51);
    expect(new Set(found).size).toBe(51);
  });

  it.each([
    ['letters', 'x'],
    ['characters of two bytes', 'é'],
    ['characters of four bytes', '😀'],
    ['escapes', '\u0001'],
  ])('says when there is more than fits, in bytes: %s', (_, character) => {
    const data = { text: character.repeat(60_000 / 4) };
    const all = Array.from({ length: 50 }, (_each, index) =>
      member(`m${index}`, 1, data),
    );
    const { members, more } = collect(makeContext(...all), 16, ALL, () => true);
    expect(more).toBe(true);
    expect(members.length).toBeGreaterThan(1);
    const bytes = Buffer.byteLength(JSON.stringify(members));
    expect(bytes).toBeLessThanOrEqual(MAX_SYNC_BYTES + 1);
  });

  it('contradicts a list with a member that is gone', () => {
    const ctx = makeContext(member('m1', 5), member('m2', 5));
    const source = { origin: 'check' } as const;
    ctx.list.applyState({ id: 'm1', incarnation: 5, state: 'dead' }, source);
    ctx.list.applyState({ id: 'm9', incarnation: 3, state: 'left' }, source);
    const entries = (version: number) =>
      ['m1', 'm2', 'm9'].map((id) => ({ id, incarnation: version }));
    expect(contradictions(ctx, entries(3))).toEqual([
      { id: 'm1', incarnation: 5, state: 'dead' },
      { id: 'm9', incarnation: 3, state: 'left' },
    ]);
    expect(contradictions(ctx, entries(6))).toEqual([]);
    expect(contradictions(ctx, [{ id: 'm1' }, { id: 7 }, null, 'm1'])).toEqual([
      { id: 'm1', incarnation: 5, state: 'dead' },
    ]);
  });

  it('survives every JSON value', () => {
    const ctx = makeContext(member('m1'));
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value = json as JsonValue;
        readBuckets(value);
        readDiffering(value, 16);
        const entries = readList(value, 100);
        contradictions(ctx, entries);
        for (const version of versionsOf(entries).values()) {
          expect(Number.isSafeInteger(version)).toBe(true);
        }
      }),
    );
  });

  it.each([
    [undefined],
    [[]],
    [Array(15).fill(0)],
    [Array(17).fill(0)],
    [Array(2048).fill(0)],
    [Array(16).fill('x')],
  ])('buckets: not %j', (value) => {
    expect(readBuckets(value)).toBeUndefined();
  });

  it('reads buckets and where they differ', () => {
    const buckets = Array.from({ length: 16 }, (_, index) => index);
    expect(readBuckets(buckets)).toEqual(buckets);
    expect(differing(buckets, buckets.with(3, 99))).toEqual([3]);
    expect([...readDiffering([1, 3, 16, -1, 'x', null], 16)]).toEqual([1, 3]);
    expect([...readDiffering('all', 16)]).toEqual([]);
  });
});
