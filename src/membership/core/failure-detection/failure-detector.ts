import type { PeerStatus } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import {
  changeRecord,
  isLegacy,
  type MemberChanged,
  type MemberList,
  type MemberRecord,
  type StateUpdate,
  type UpdateSource,
} from '../member-list/index.js';
import type { LocalHealth } from './local-health.js';
import type { ProbeRing } from './probe-ring.js';
import type { Prober, Verdict } from './prober.js';
import { Suspicions, type Suspicion } from './suspicion.js';

/**
 * Unconfirmed members for each check of one in a period. With fewer, the usual round is soon enough: a
 * newcomer that a large cloud hears of must not be asked by everybody at once.
 */
const UNCONFIRMED_PER_CHECK = 64;

/** Most such checks in a period. */
const MAX_UNCONFIRMED_CHECKS = 16;

/**
 * Suspicions of a member that its word alone ends, from one answer of it to this peer to the next. After
 * that its word may come from a place that nobody reaches.
 */
const MAX_WORDS = 2;

/** Judges the members: one is checked in each period, and what is found has its consequences here. */
export class FailureDetector {
  readonly #suspicions: Suspicions;
  /** Suspicions that a member's word alone has ended since it last answered, by its id. */
  readonly #words = new Map<string, number>();
  #ticks = 0;

  readonly #ctx: CoreContext;
  readonly #ring: ProbeRing;
  readonly #prober: Prober;
  readonly #health: LocalHealth;

  constructor(
    ctx: CoreContext,
    ring: ProbeRing,
    prober: Prober,
    health: LocalHealth,
  ) {
    this.#ctx = ctx;
    this.#ring = ring;
    this.#prober = prober;
    this.#health = health;
    this.#suspicions = new Suspicions(
      ctx,
      (id, suspicion) => void this.#expired(id, suspicion),
    );
  }

  /** One period: checks the next member of the round. A peer that is not well checks less often. */
  async tick(): Promise<void> {
    for (const member of dueUnconfirmed(this.#ctx.list)) {
      void this.probe(member);
    }
    if (this.#ticks++ % (1 + this.#health.score) !== 0) {
      return;
    }
    const member = this.#next();
    if (member) {
      await this.probe(member);
    }
  }

  /** Checks a member now. */
  async check(
    id = this.#next()?.id,
  ): Promise<{ id: string; online: boolean; status?: PeerStatus }> {
    const member = id === undefined ? undefined : this.#ctx.list.peek(id);
    if (!member) {
      return { id: id ?? '', online: false };
    }
    const { kind, status } = await this.probe(member);
    const outcome = { id: member.id, online: kind === 'alive' };
    return status && kind !== 'replaced' ? { ...outcome, status } : outcome;
  }

  async probe(member: MemberRecord): Promise<Verdict> {
    const verdict = await this.#prober.probe(member);
    this.#conclude(member, verdict);
    return verdict;
  }

  /**
   * A member answered a request of this peer: a sign of life. A request of its own is none: the member may
   * be out of reach for everybody.
   */
  heard(id: string): void {
    this.#words.delete(id);
    const suspicion = this.#suspicions.get(id);
    if (suspicion) {
      suspicion.heard = true;
    }
  }

  /**
   * Another member suspects one.
   * @param from the member that says so, where that is a third one
   */
  suspected(
    update: StateUpdate & { state: 'suspect' },
    by: string,
    from: string,
  ): void {
    const known = this.#ctx.list.peek(update.id);
    if (known && update.incarnation >= known.incarnation) {
      this.#suspect(update, { origin: 'gossip', from, suspectedBy: by });
    }
  }

  /** A member is dead, as one says that may be behind: it is suspected for the shortest time, and checked. */
  doubt(id: string, by: string): void {
    const known = this.#ctx.list.peek(id);
    if (!known) {
      return;
    }
    const { incarnation } = known;
    this.#suspect(
      { id, incarnation, state: 'suspect' },
      { origin: 'check', suspectedBy: by },
    );
    const suspicion = this.#suspicions.get(id);
    if (suspicion) {
      suspicion.shorten(suspicion.shortest);
    }
    this.#suspicions.arm(id);
    void this.probe(known);
  }

  /** True for a suspect that had time to hear of it, and to contradict. */
  isLongSuspected(id: string): boolean {
    const suspicion = this.#suspicions.get(id);
    const now = this.#ctx.env.clock.monotonic();
    return (
      suspicion !== undefined && now - suspicion.since >= suspicion.shortest / 2
    );
  }

  /**
   * A member's record, as others have it or the member itself says. A suspect that has said so before, again
   * and again, and has answered no check in between, stays a suspect under its new record.
   */
  weigh(record: MemberRecord, source: UpdateSource): MemberRecord {
    const known = this.#ctx.list.peek(record.id);
    const words = this.#words.get(record.id) ?? 0;
    return known?.state === 'suspect' && isWord(source) && words >= MAX_WORDS
      ? changeRecord(record, { state: 'suspect' })
      : record;
  }

  /** This peer was stalled. */
  stalled(ms: number): void {
    this.#suspicions.extendAll(ms);
  }

  /** A member has another record: a suspect is watched from now on, every other one no longer. */
  changed({ member, previous, source }: MemberChanged): void {
    const { id } = member;
    if (member.state === 'alive') {
      this.#suspicions.end(id);
      if (previous.state === 'suspect' && isWord(source)) {
        this.#words.set(id, (this.#words.get(id) ?? 0) + 1);
      }
    } else if (!this.#suspicions.get(id)) {
      const { suspectedBy = this.#ctx.self.id, from } = source;
      this.#suspicions.start(id, suspectedBy, from);
    }
  }

  /** The member is gone, or new: no suspicion of before counts. */
  endSuspicion(id: string): void {
    this.#suspicions.end(id);
    this.#words.delete(id);
  }

  stop(): void {
    this.#suspicions.stop();
  }

  /** What a verdict means for the list. */
  #conclude(member: MemberRecord, verdict: Verdict): void {
    const known = this.#ctx.list.peek(member.id);
    if (!known || !this.#ctx.life.active) {
      return;
    }
    switch (verdict.kind) {
      case 'alive':
        this.#alive(known);
        break;
      case 'leaving':
        this.#end(known, 'left');
        break;
      case 'replaced':
        this.#end(known, 'replaced');
        break;
      case 'refused':
        this.#end(known, 'dead');
        break;
      case 'silent':
        this.#silent(known, verdict);
        break;
      case 'unsure':
        break;
    }
  }

  #next(): MemberRecord | undefined {
    const id = this.#ring.next();
    return id === undefined ? undefined : this.#ctx.list.peek(id);
  }

  /** One more suspects the member, or is the first to. */
  #suspect(
    update: StateUpdate & { state: 'suspect' },
    source: UpdateSource & { suspectedBy: string },
  ): void {
    const { list, events } = this.#ctx;
    const { suspectedBy, from } = source;
    const suspicion = this.#suspicions.get(update.id);
    if (!suspicion) {
      list.applyState(update, source);
    } else if (suspicion.confirm(suspectedBy, from)) {
      this.#suspicions.arm(update.id);
      events.emit('suspicion.confirmed', update, suspectedBy);
    }
  }

  #silent({ id, incarnation }: MemberRecord, { alone }: Verdict): void {
    const { options, self } = this.#ctx;
    this.#suspect(
      { id, incarnation, state: 'suspect' },
      { origin: 'check', suspectedBy: self.id },
    );
    if (!alone) {
      return;
    }
    // Nobody can confirm or contradict, so one more check is all there is to wait for.
    this.#suspicions
      .get(id)
      ?.shorten(
        options.probeInterval * Math.min(options.suspicionMultiplier, 2),
      );
    this.#suspicions.arm(id);
  }

  /** The member is there. One with features contradicts by itself; for a legacy member another one has to. */
  #alive(known: MemberRecord): void {
    this.#words.delete(known.id);
    if (known.state !== 'suspect') {
      return;
    }
    const source = { origin: 'check', from: known.id } as const;
    if (isLegacy(known)) {
      const incarnation = known.incarnation + 1;
      this.#ctx.list.apply(
        changeRecord(known, { incarnation, state: 'alive' }),
        source,
      );
    } else {
      this.#ctx.list.markAlive(known.id, source);
    }
  }

  #end(
    { id, incarnation }: MemberRecord,
    reason: 'left' | 'dead' | 'replaced',
  ): void {
    const state = reason === 'left' ? 'left' : 'dead';
    this.#ctx.list.applyState(
      { id, incarnation, state },
      { origin: 'check' },
      reason,
    );
  }

  /** A suspect's time is up. One last check, and then it counts as dead. */
  async #expired(id: string, suspicion: Suspicion): Promise<void> {
    const member = this.#ctx.list.peek(id);
    if (!member) {
      return;
    }
    if (suspicion.heard) {
      this.#alive(member);
      return;
    }
    // Where its word does not count any more, others are asked as well: two lost questions are no proof.
    const verdict = this.#words.has(id)
      ? await this.#prober.probe(member)
      : await this.#prober.direct(member);
    if (this.#suspicions.get(id) !== suspicion) {
      return;
    }
    if (verdict.kind === 'unsure') {
      suspicion.extend(this.#ctx.options.probeInterval);
      this.#suspicions.arm(id);
    } else {
      const isGone = verdict.kind === 'silent' || verdict.kind === 'refused';
      this.#conclude(member, isGone ? { kind: 'refused' } : verdict);
    }
  }
}

/** The unconfirmed members whose turn it is in this period: the more there are, the more of them. */
export function dueUnconfirmed(list: MemberList): MemberRecord[] {
  const { unconfirmed } = list.room;
  const due = Math.floor(unconfirmed.size / UNCONFIRMED_PER_CHECK);
  const members: MemberRecord[] = [];
  for (let left = Math.min(due, MAX_UNCONFIRMED_CHECKS); left > 0; left--) {
    const member = list.peek(unconfirmed.next() ?? '');
    if (member) {
      members.push(member);
    }
  }
  return members;
}

/** True for what a member says, itself or by others, without having been asked. */
function isWord({ origin, verified }: UpdateSource): boolean {
  return origin !== 'check' && !verified;
}
