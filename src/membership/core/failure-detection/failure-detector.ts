import type { PeerStatus } from '../../../wire/requests.js';
import type { CoreContext } from '../core-context.js';
import type { LocalHealth } from './local-health.js';
import type { MemberChange } from '../member-list/member-change.js';
import type { Accusation } from '../member-list/member-list.js';
import {
  changeRecord,
  isLegacy,
  type MemberRecord,
} from '../member-list/member-record.js';
import type { ProbeRing } from './probe-ring.js';
import type { Prober, Verdict } from './prober.js';
import type { Suspicion } from './suspicion.js';
import type { SuspicionWatch } from './suspicion-watch.js';

/** Judges the members: one is checked in each period, and what is found has its consequences here. */
export class FailureDetector {
  /** Called when another member's suspicion of a suspect is new: it is news for the others. */
  onConfirmed: (accusation: Accusation, by: string) => void = () => {};
  #ticks = 0;

  readonly #ctx: CoreContext;
  readonly #ring: ProbeRing;
  readonly #prober: Prober;
  readonly #watch: SuspicionWatch;
  readonly #health: LocalHealth;

  constructor(
    ctx: CoreContext,
    ring: ProbeRing,
    prober: Prober,
    watch: SuspicionWatch,
    health: LocalHealth,
  ) {
    this.#ctx = ctx;
    this.#ring = ring;
    this.#prober = prober;
    this.#watch = watch;
    this.#health = health;
    watch.onExpired = (id, suspicion) => void this.#expired(id, suspicion);
  }

  /** One period: checks the next member of the round. A peer that is not well checks less often. */
  async tick(): Promise<void> {
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
    this.conclude(member, verdict);
    return verdict;
  }

  /**
   * A member answered something that this peer asked: a sign of life. That it asks by itself is none: it
   * may be out of reach for everybody.
   */
  heard(id: string): void {
    const suspicion = this.#watch.get(id);
    if (suspicion) {
      suspicion.heard = true;
    }
  }

  /** Another member suspects one, as itself or a third one says. */
  suspected(
    accusation: Accusation & { state: 'suspect' },
    by: string,
    teller = by,
  ): void {
    const known = this.#ctx.list.peek(accusation.id);
    if (!known || accusation.incarnation < known.incarnation) {
      return;
    }
    const suspicion = this.#watch.get(known.id);
    if (!suspicion) {
      this.#ctx.list.accuse(accusation, {
        origin: 'gossip',
        from: teller,
        accuser: by,
      });
    } else if (suspicion.confirm(by, teller)) {
      this.#watch.arm(known.id);
      this.onConfirmed(accusation, by);
    }
  }

  /** A member is said to be dead by somebody who may be behind: it is suspected for the shortest time, and checked. */
  doubt(id: string, by: string): void {
    const known = this.#ctx.list.peek(id);
    if (!known) {
      return;
    }
    this.#suspect(known, by);
    const suspicion = this.#watch.get(id);
    if (suspicion) {
      suspicion.shorten(suspicion.shortest);
    }
    this.#watch.arm(id);
    void this.probe(known);
  }

  /** True for a suspect that had time to hear of it, and to contradict. */
  isLongDoubted(id: string): boolean {
    const suspicion = this.#watch.get(id);
    const now = this.#ctx.env.clock.monotonic();
    return (
      suspicion !== undefined && now - suspicion.since >= suspicion.shortest / 2
    );
  }

  /** This peer was stalled. */
  stalled(ms: number): void {
    this.#watch.extendAll(ms);
  }

  changed(change: MemberChange): void {
    const { member } = change;
    if (change.kind === 'changed' && member.state === 'suspect') {
      const { accuser = this.#ctx.self.id, from } = change.source;
      this.#watch.start(member, accuser, from);
    } else if (this.#watch.get(member.id)) {
      this.#watch.end(member.id);
    }
  }

  stop(): void {
    this.#watch.stop();
  }

  /** What a verdict means for the list. */
  conclude(member: MemberRecord, verdict: Verdict): void {
    const known = this.#ctx.list.peek(member.id);
    if (!known || !this.#ctx.life.active) {
      return;
    }
    switch (verdict.kind) {
      case 'alive':
        this.#acquit(known);
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
        this.#suspect(known, this.#ctx.self.id);
        if (verdict.alone) {
          this.#hurry(known.id);
        }
        break;
      case 'unsure':
        break;
    }
  }

  #next(): MemberRecord | undefined {
    const id = this.#ring.next();
    return id === undefined ? undefined : this.#ctx.list.peek(id);
  }

  #suspect({ id, incarnation }: MemberRecord, accuser: string): void {
    const { list } = this.#ctx;
    const suspicion = this.#watch.get(id);
    if (!suspicion) {
      list.accuse(
        { id, incarnation, state: 'suspect' },
        { origin: 'check', accuser },
      );
    } else if (suspicion.confirm(accuser)) {
      this.#watch.arm(id);
      this.onConfirmed({ id, incarnation, state: 'suspect' }, accuser);
    }
  }

  /** Nobody can confirm or contradict, so one more check is all there is to wait for. */
  #hurry(id: string): void {
    const { options } = this.#ctx;
    this.#watch
      .get(id)
      ?.shorten(
        options.probeInterval * Math.min(options.suspicionMultiplier, 2),
      );
    this.#watch.arm(id);
  }

  /** It is there. One with features contradicts by itself; for a legacy member somebody has to. */
  #acquit(known: MemberRecord): void {
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
      this.#ctx.list.acquit(known.id, source);
    }
  }

  #end(
    { id, incarnation }: MemberRecord,
    reason: 'left' | 'dead' | 'replaced',
  ): void {
    const state = reason === 'left' ? 'left' : 'dead';
    this.#ctx.list.accuse(
      { id, incarnation, state },
      { origin: 'check' },
      reason,
    );
  }

  /** Its time is up. One last check, and then it counts as dead. */
  async #expired(id: string, suspicion: Suspicion): Promise<void> {
    const member = this.#ctx.list.peek(id);
    if (!member) {
      return;
    }
    if (suspicion.heard) {
      this.#acquit(member);
      return;
    }
    const verdict = await this.#prober.direct(member);
    if (this.#watch.get(id) !== suspicion) {
      return;
    }
    if (verdict.kind === 'unsure') {
      suspicion.extend(this.#ctx.options.probeInterval);
      this.#watch.arm(id);
    } else {
      const isGone = verdict.kind === 'silent' || verdict.kind === 'refused';
      this.conclude(member, isGone ? { kind: 'refused' } : verdict);
    }
  }
}
