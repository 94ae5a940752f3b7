import { overrides } from './merge-rule.js';
import { LEFT_MEMORY, MAX_TOMBSTONES } from './membership.limits.js';
/** Members that are gone: bounded in number and in age. */
export class Tombstones {
    clock;
    deadMemory;
    limit;
    /** In order of their end: the oldest first. */
    #stones = new Map();
    /** @param deadMemory ms for which the dead are remembered */
    constructor(clock, deadMemory, limit = MAX_TOMBSTONES) {
        this.clock = clock;
        this.deadMemory = deadMemory;
        this.limit = limit;
    }
    get size() {
        return this.#stones.size;
    }
    get(id) {
        const stone = this.#stones.get(id);
        if (!stone || !this.#expired(stone))
            return stone;
        this.#stones.delete(id);
        return undefined;
    }
    /** Remembers an end, unless a newer one is known. */
    add(id, version, record) {
        const known = this.get(id);
        if (known && !overrides(version, known))
            return;
        this.#stones.delete(id);
        const kept = record ?? known?.record;
        this.#stones.set(id, {
            id,
            incarnation: version.incarnation,
            state: version.state,
            since: this.clock.monotonic(),
            ...(kept && { record: kept }),
        });
        this.#shrink();
    }
    delete(id) {
        this.#stones.delete(id);
    }
    /** Forgets where a dead member was: somebody else answers there now. */
    forgetAddress(id) {
        const stone = this.get(id);
        if (!stone)
            return;
        const { record: _, ...rest } = stone;
        this.#stones.set(id, rest);
    }
    /** One of the dead, by chance, that may still be somewhere; undefined where there is none. */
    pickDead(random) {
        if (this.#stones.size === 0)
            return undefined;
        let skip = Math.floor(random.next() * this.#stones.size);
        for (const stone of this.#stones.values()) {
            if (skip-- > 0)
                continue;
            const { record } = stone;
            return stone.state === 'dead' && record && !this.#expired(stone)
                ? { ...stone, record }
                : undefined;
        }
        return undefined;
    }
    /** All that are remembered, the oldest first. */
    *values() {
        for (const stone of this.#stones.values()) {
            if (!this.#expired(stone))
                yield stone;
        }
    }
    #expired({ state, since }) {
        const memory = state === 'left' ? LEFT_MEMORY : this.deadMemory;
        return this.clock.monotonic() - since > memory;
    }
    #shrink() {
        for (const stone of this.#stones.values()) {
            if (this.#stones.size <= this.limit && !this.#expired(stone))
                return;
            this.#stones.delete(stone.id);
        }
    }
}
//# sourceMappingURL=tombstones.js.map