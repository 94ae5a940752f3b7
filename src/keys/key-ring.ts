import { hash32 } from '../util/hash.js';

/** One that keys can fall to. */
export interface KeyHolder<T> {
  readonly id: string;
  /** Its share, as a multiple of others' shares. */
  readonly weight: number;
  readonly value: T;
}

/** Holders of one weight, in the order of their ids: among them the highest hash decides. */
interface Group<T> {
  readonly weight: number;
  readonly holders: readonly KeyHolder<T>[];
  readonly seeds: Int32Array;
}

interface Candidate<T> {
  readonly value: T;
  readonly score: number;
}

/**
 * Who owns a key, by weighted rendezvous hashing (PROTOCOL.md, section 4, `keys`): the same for all who
 * have the same holders. One more holder takes over its share and nothing else moves; of one that is gone,
 * only its own keys move.
 */
export class KeyRing<T> {
  readonly #groups: Group<T>[];
  readonly size: number;

  constructor(holders: readonly KeyHolder<T>[]) {
    this.size = holders.length;
    const byWeight = new Map<number, KeyHolder<T>[]>();
    for (const holder of [...holders].sort(byId)) {
      const group = byWeight.get(holder.weight);
      if (group) {
        group.push(holder);
      } else {
        byWeight.set(holder.weight, [holder]);
      }
    }
    this.#groups = [...byWeight]
      .sort(([a], [b]) => a - b)
      .map(([weight, group]) => ({
        weight,
        holders: group,
        seeds: Int32Array.from(group, ({ id }) => hash32(id)),
      }));
  }

  /** The owner of a key; undefined where there are no holders. */
  owner(key: string): T | undefined {
    const hash = hash32(key);
    let best: Candidate<T> | undefined;
    for (const group of this.#groups) {
      const candidate = candidateOf(
        group,
        indexOfHighest(group.seeds, hash),
        hash,
      );
      if (!best || candidate.score > best.score) {
        best = candidate;
      }
    }
    return best?.value;
  }

  /** The first `count` in rank: the owner, then who would be it without the ones before. */
  owners(key: string, count: number): T[] {
    if (!(count > 0)) {
      return [];
    }
    const hash = hash32(key);
    return this.#groups
      .flatMap((group) =>
        highestIndexes(group.seeds, hash, count).map((at) =>
          candidateOf(group, at, hash),
        ),
      )
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ value }) => value);
  }
}

/** The part that costs: a look at each holder for each key. Two at a time, which takes two thirds of the time. */
function indexOfHighest(seeds: Int32Array, hash: number): number {
  let highest = -HALF;
  let index = 0;
  const even = seeds.length & ~1;
  for (let at = 0; at < even; at += 2) {
    const first = mix(seeds[at]!, hash);
    const second = mix(seeds[at + 1]!, hash);
    if (first > highest) {
      highest = first;
      index = at;
    }
    if (second > highest) {
      highest = second;
      index = at + 1;
    }
  }
  return even < seeds.length && mix(seeds[even]!, hash) > highest
    ? even
    : index;
}

/** The `count` highest, the highest first. */
function highestIndexes(
  seeds: Int32Array,
  hash: number,
  count: number,
): number[] {
  const highest: { at: number; mixed: number }[] = [];
  for (let at = 0; at < seeds.length; at++) {
    const mixed = mix(seeds[at]!, hash);
    if (highest.length < count || mixed > highest.at(-1)!.mixed) {
      const place = highest.findIndex((other) => mixed > other.mixed);
      highest.splice(place < 0 ? highest.length : place, 0, { at, mixed });
      highest.length = Math.min(highest.length, count);
    }
  }
  return highest.map(({ at }) => at);
}

/** The hash of a holder and a key together: a signed number of 32 bits. */
function mix(seed: number, hash: number): number {
  const mixed = Math.imul(seed ^ hash, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
}

/** The higher the hash, the higher the score; it is the highest of all for a share of the keys like the weight's. */
function candidateOf<T>(
  { weight, holders, seeds }: Group<T>,
  at: number,
  hash: number,
): Candidate<T> {
  const uniform = (mix(seeds[at]!, hash) + HALF + 0.5) / (2 * HALF);
  return { value: holders[at]!.value, score: -weight / Math.log(uniform) };
}

const HALF = 2 ** 31;

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
