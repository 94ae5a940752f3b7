import type { Clock } from './clock.js';
import { changeRecord, isLegacy, type MemberRecord } from './member-record.js';
import { overrides, type Version } from './merge-rule.js';
import { LEFT_MEMORY } from './membership.limits.js';
import type { Random } from './random.js';

const NO_DATA = Object.freeze({});

/** A member that is gone, kept so that old news does not bring it back. */
export interface Tombstone extends Version {
  readonly id: string;
  readonly state: 'dead' | 'left';
  /** Monotonic ms of its end. */
  readonly since: number;
  /** Where it was; absent for one that was never on this list. Its data, only where nobody else has them. */
  readonly record?: MemberRecord;
}

/** Members that are gone: bounded in number and in age. */
export class Tombstones {
  /** In order of their end: the oldest first. */
  readonly #stones = new Map<string, Tombstone>();

  /** @param deadMemory ms for which the dead are remembered */
  constructor(
    private readonly clock: Clock,
    private readonly deadMemory: number,
    private readonly limit: number,
  ) {}

  get size(): number {
    return this.#stones.size;
  }

  get(id: string): Tombstone | undefined {
    const stone = this.#stones.get(id);
    if (!stone || !this.#expired(stone)) return stone;
    this.#stones.delete(id);
    return undefined;
  }

  /** Remembers an end, unless a newer one is known. */
  add(
    id: string,
    version: Version & { state: 'dead' | 'left' },
    record?: MemberRecord,
  ): void {
    const known = this.get(id);
    if (known && !overrides(version, known)) return;
    this.#stones.delete(id);
    const kept = record ?? known?.record;
    this.#stones.set(id, {
      id,
      incarnation: version.incarnation,
      state: version.state,
      since: this.clock.monotonic(),
      ...(kept && { record: withoutData(kept) }),
    });
    this.#shrink();
  }

  delete(id: string): void {
    this.#stones.delete(id);
  }

  /** Forgets where a dead member was: somebody else answers there now. */
  forgetAddress(id: string): void {
    const stone = this.get(id);
    if (!stone) return;
    const { record: _, ...rest } = stone;
    this.#stones.set(id, rest);
  }

  /** One of the dead, by chance, that may still be somewhere; undefined where there is none. */
  pickDead(random: Random): (Tombstone & { record: MemberRecord }) | undefined {
    if (this.#stones.size === 0) return undefined;
    let skip = Math.floor(random.next() * this.#stones.size);
    for (const stone of this.#stones.values()) {
      if (skip-- > 0) continue;
      const { record } = stone;
      return stone.state === 'dead' && record && !this.#expired(stone)
        ? { ...stone, record }
        : undefined;
    }
    return undefined;
  }

  /** All that are remembered, the oldest first. */
  *values(): Iterable<Tombstone> {
    for (const stone of this.#stones.values()) {
      if (!this.#expired(stone)) yield stone;
    }
  }

  /** The ends of the last `age` ms, the newest first, `limit` of them at most. */
  recent(age: number, limit: number): Tombstone[] {
    const since = this.clock.monotonic() - age;
    return [...this.values()]
      .filter((stone) => stone.since >= since)
      .slice(-limit)
      .reverse();
  }

  #expired({ state, since }: Tombstone): boolean {
    const memory = state === 'left' ? LEFT_MEMORY : this.deadMemory;
    return this.clock.monotonic() - since > memory;
  }

  #shrink(): void {
    for (const stone of this.#stones.values()) {
      if (this.#stones.size <= this.limit && !this.#expired(stone)) return;
      this.#stones.delete(stone.id);
    }
  }
}

/** A member that comes back says itself what its data are; a legacy peer does not know that it was gone. */
function withoutData(record: MemberRecord): MemberRecord {
  return isLegacy(record) ? record : changeRecord(record, { data: NO_DATA });
}
