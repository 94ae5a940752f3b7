import { ListDigest } from './list-digest.js';
import { changeRecord, isLegacy } from './member-record.js';
import { overrides } from './merge-rule.js';
/**
 * Who is in the cloud. Every change of a member passes `apply` or `accuse`, both obey the merge rule,
 * and what changed is told to the listeners, in order.
 */
export class MemberList {
    tombstones;
    limit;
    digest = new ListDigest();
    #listed = new Map();
    #byAddress = new Map();
    /** Members that somebody else says have left; they are off the list until it is verified. */
    #hidden = new Set();
    #listeners = [];
    #pending = [];
    #members;
    #legacyCount = 0;
    #delivering = false;
    constructor(tombstones, limit) {
        this.tombstones = tombstones;
        this.limit = limit;
    }
    /** Members on the list, the hidden ones included. */
    get size() {
        return this.#listed.size;
    }
    /** Legacy members on the list. */
    get legacyCount() {
        return this.#legacyCount;
    }
    /** The members that applications see; the same array until something changes. */
    members() {
        this.#members ??= [...this.#listed.values()].filter(({ id }) => !this.#hidden.has(id));
        return this.#members;
    }
    /** A member that applications see. */
    get(id) {
        return this.#hidden.has(id) ? undefined : this.#listed.get(id);
    }
    /** A member, hidden or not. */
    peek(id) {
        return this.#listed.get(id);
    }
    isHidden(id) {
        return this.#hidden.has(id);
    }
    /** All members, hidden ones included, in the order in which they came. */
    records() {
        return this.#listed.values();
    }
    at(address) {
        const id = this.#byAddress.get(address);
        return id === undefined ? undefined : this.#listed.get(id);
    }
    onChange(listener) {
        this.#listeners.push(listener);
    }
    /** News of a member that is there: alive, or suspect with all that is known of it. */
    apply(news, source) {
        const known = this.#listed.get(news.id);
        const stone = known ? undefined : this.tombstones.get(news.id);
        if ((known && !overrides(news, known)) ||
            (stone && !overrides(news, stone))) {
            return 'old';
        }
        const occupant = this.at(news.address);
        if (occupant && occupant.id !== news.id) {
            if (!mayReplace(news, occupant, source))
                return 'occupied';
            this.#remove(occupant, 'dead', occupant.incarnation, 'replaced', source);
        }
        if (!known && this.#listed.size >= this.limit)
            return 'full';
        this.tombstones.delete(news.id);
        this.#put(news, known);
        this.#tell(known
            ? { kind: 'changed', member: news, previous: known, source }
            : { kind: 'added', member: news, source });
        return 'applied';
    }
    /** News of a member that is suspected or gone. */
    accuse(news, source, reason = news.state === 'left' ? 'left' : 'dead') {
        const known = this.#listed.get(news.id);
        if (!known) {
            if (news.state !== 'suspect') {
                this.tombstones.add(news.id, { ...news, state: news.state });
            }
            return 'old';
        }
        if (!overrides(news, known))
            return 'old';
        if (news.state === 'suspect') {
            // The incarnation stays: with a higher one come data that this news does not carry.
            if (known.state === 'suspect')
                return 'old';
            const member = changeRecord(known, { state: 'suspect' });
            this.#put(member, known);
            this.#tell({ kind: 'changed', member, previous: known, source });
        }
        else {
            this.#remove(known, news.state, news.incarnation, reason, source);
        }
        return 'applied';
    }
    /** A member that is suspected no more, because it was heard: local knowledge, no news for others. */
    acquit(id, source) {
        const known = this.#listed.get(id);
        if (known?.state !== 'suspect')
            return;
        const member = changeRecord(known, { state: 'alive' });
        this.#put(member, known);
        this.#tell({ kind: 'changed', member, previous: known, source });
    }
    /** Takes a member from sight without an end: `show` or an accusation follows. */
    hide(id) {
        if (!this.#listed.has(id) || this.#hidden.has(id))
            return false;
        this.#hidden.add(id);
        this.#members = undefined;
        return true;
    }
    show(id) {
        if (this.#hidden.delete(id))
            this.#members = undefined;
    }
    #put(member, known) {
        if (known)
            this.#unindex(known);
        this.#listed.set(member.id, member);
        this.#byAddress.set(member.address, member.id);
        this.digest.add(member.id, member.digest);
        if (isLegacy(member))
            this.#legacyCount++;
        // Fresh news from the member itself answers the doubt for which it was hidden.
        if (known && member.incarnation > known.incarnation)
            this.#hidden.delete(member.id);
        this.#members = undefined;
    }
    #remove(known, state, incarnation, reason, source) {
        this.#listed.delete(known.id);
        this.#hidden.delete(known.id);
        this.#unindex(known);
        this.#members = undefined;
        const member = changeRecord(known, { state, incarnation });
        this.tombstones.add(known.id, { incarnation, state }, member);
        if (reason === 'replaced')
            this.tombstones.forgetAddress(known.id);
        this.#tell({ kind: 'removed', member, previous: known, reason, source });
    }
    #unindex(known) {
        if (this.#byAddress.get(known.address) === known.id) {
            this.#byAddress.delete(known.address);
        }
        this.digest.remove(known.id, known.digest);
        if (isLegacy(known))
            this.#legacyCount--;
    }
    /** A change that a listener causes waits until all have heard of the one before. */
    #tell(change) {
        this.#pending.push(change);
        if (this.#delivering)
            return;
        this.#delivering = true;
        try {
            for (let next; (next = this.#pending.shift());) {
                for (const listener of this.#listeners)
                    listener(next);
            }
        }
        finally {
            this.#delivering = false;
        }
    }
}
/** True if the stated versions are those of members that both count their incarnations. */
function mayReplace(news, occupant, source) {
    if (source.verified)
        return true;
    // Incarnations start at the time of day, so the higher one moved in later.
    return !isLegacy(news) && !isLegacy(occupant)
        ? news.incarnation > occupant.incarnation
        : source.origin === 'joined';
}
//# sourceMappingURL=member-list.js.map