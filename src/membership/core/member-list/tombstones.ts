import type { Clock, Random } from '../environment.js';
import { changeRecord, isLegacy, type MemberRecord } from './member-record.js';
import { overrides, type Version } from './member-change.js';
import { LEFT_MEMORY } from '../options/membership.options.js';

const NO_DATA = Object.freeze({});

/** A member that is gone, kept so that old updates do not bring it back. */
export interface Tombstone extends Version {
  readonly id: string;
  readonly state: 'dead' | 'left';
  /** Monotonic ms of its end. */
  readonly since: number;
  /** Where it was; absent for a member that was never on this list. With its data only where nobody else has them. */
  readonly record?: MemberRecord;
}

/** Members that are gone: bounded in number and in age. */
export class Tombstones {
  /** The dead that may still be somewhere, those that left, and ends of members that this peer knows no address of. */
  readonly #dead = new Map<string, Tombstone>();
  readonly #left = new Map<string, Tombstone>();
  readonly #named = new Map<string, Tombstone>();
  /** Each in order of the ends, the oldest first. Where there are too many, the ones named first go first. */
  readonly #piles = [this.#named, this.#left, this.#dead];

  readonly #clock: Clock;
  readonly #deadMemory: number;
  readonly #limit: number;

  /** @param deadMemory ms for which the dead are remembered */
  constructor(clock: Clock, deadMemory: number, limit: number) {
    this.#clock = clock;
    this.#deadMemory = deadMemory;
    this.#limit = limit;
  }

  get size(): number {
    return this.#piles.reduce((sum, { size }) => sum + size, 0);
  }

  get(id: string): Tombstone | undefined {
    for (const pile of this.#piles) {
      const stone = pile.get(id);
      if (stone && !this.#expired(stone)) {
        return stone;
      }
    }
    return undefined;
  }

  /** Remembers an end, unless a newer one is known. */
  add(
    id: string,
    version: Version & { state: 'dead' | 'left' },
    record?: MemberRecord,
  ): void {
    const known = this.get(id);
    if (known && !overrides(version, known)) {
      return;
    }
    const kept = record ?? known?.record;
    this.#put({
      id,
      incarnation: version.incarnation,
      state: version.state,
      since: this.#clock.monotonic(),
      ...(kept && { record: withoutData(kept) }),
    });
    this.#shrink();
  }

  delete(id: string): void {
    for (const pile of this.#piles) {
      pile.delete(id);
    }
  }

  /** Forgets where a dead member was: another peer answers there now. */
  forgetAddress(id: string): void {
    const stone = this.get(id);
    if (!stone) {
      return;
    }
    const { record: _, ...rest } = stone;
    this.#put(rest);
  }

  /** One of the dead, by chance, that may still be somewhere; undefined where there is none. */
  pickDead(random: Random): (Tombstone & { record: MemberRecord }) | undefined {
    this.#expire(this.#dead);
    let skip = Math.floor(random.next() * this.#dead.size);
    for (const stone of this.#dead.values()) {
      if (skip-- > 0) {
        continue;
      }
      return { ...stone, record: stone.record! };
    }
    return undefined;
  }

  /** All that are remembered, the oldest first. */
  values(): Tombstone[] {
    return this.#piles
      .flatMap((pile) => [...pile.values()])
      .filter((stone) => !this.#expired(stone))
      .sort((a, b) => a.since - b.since);
  }

  /** The ends of the last `age` ms, the newest first, `limit` of them at most. */
  recent(age: number, limit: number): Tombstone[] {
    const since = this.#clock.monotonic() - age;
    return this.values()
      .filter((stone) => stone.since >= since)
      .slice(-limit)
      .reverse();
  }

  #put(stone: Tombstone): void {
    this.delete(stone.id);
    this.#pileOf(stone).set(stone.id, stone);
  }

  #pileOf({ state, record }: Tombstone): Map<string, Tombstone> {
    if (!record) {
      return this.#named;
    }
    return state === 'dead' ? this.#dead : this.#left;
  }

  #expired({ state, since }: Tombstone): boolean {
    const memory = state === 'left' ? LEFT_MEMORY : this.#deadMemory;
    return this.#clock.monotonic() - since > memory;
  }

  #expire(pile: Map<string, Tombstone>): void {
    for (const stone of pile.values()) {
      if (!this.#expired(stone)) {
        return;
      }
      pile.delete(stone.id);
    }
  }

  #shrink(): void {
    for (const pile of this.#piles) {
      this.#expire(pile);
    }
    for (const pile of this.#piles) {
      for (const id of pile.keys()) {
        if (this.size <= this.#limit) {
          return;
        }
        pile.delete(id);
      }
    }
  }
}

/** A member that comes back says itself what its data are; a legacy peer does not know that it was gone. */
function withoutData(record: MemberRecord): MemberRecord {
  return isLegacy(record) ? record : changeRecord(record, { data: NO_DATA });
}
