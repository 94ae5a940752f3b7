import { caretakerOf, caretakersOf, inherits } from './caretaker.js';
import type { CoreContext } from './core-context.js';
import type { Joiner } from './joiner.js';
import { isLegacy, type MemberRecord } from './member-record.js';
import type { MemberChange } from './member-change.js';
import { LegacyRepairs } from './legacy-repairs.js';
import {
  INHERITED_PERIOD,
  MAX_INHERITED_ENDS,
  MAX_INTRODUCTIONS,
} from './membership.limits.js';
import type { StatusCaller } from './status-caller.js';
import type { Teller } from './teller.js';

/** Others of us that are asked for an introduction, one after the other. */
const INTRODUCERS = 3;

/** For so many of us together, the pause between two audits of one legacy member stays the same. */
const AUDITORS = 30;

/** Ms for which an introduction counts as done. */
const INTRODUCED = 5000;

/**
 * Keeps the lists of legacy members right: they neither heal nor compare, and they add whatever they
 * are told (PROTOCOL.md, section 2, and the habits that DESIGN names).
 */
export class LegacyCare {
  readonly #introduced = new Map<
    string,
    { readonly at: number; readonly done: Promise<boolean> }
  >();
  readonly #auditing = new Set<string>();
  readonly #repairs: LegacyRepairs;

  constructor(
    private readonly ctx: CoreContext,
    private readonly teller: Teller,
    private readonly caller: StatusCaller,
    private readonly joiner: Joiner,
  ) {
    this.#repairs = new LegacyRepairs(ctx, teller);
  }

  /** One period: now and then this peer asks a legacy member whether it is on its list. */
  tick(): void {
    const { list, options, env } = this.ctx;
    if (list.legacyCount === 0) return;
    this.#repairs.tick();
    const pause =
      options.legacyAuditInterval * Math.max(1, list.size / AUDITORS);
    const chance = (options.probeInterval * list.legacyCount) / pause;
    if (env.random.next() >= chance) return;
    const legacy = this.#legacyMembers();
    const member = legacy[Math.floor(env.random.next() * legacy.length)];
    if (member) void this.audit(member);
  }

  changed(change: MemberChange): void {
    const { list, env, options } = this.ctx;
    const { member, source } = change;
    if (list.legacyCount === 0) return;
    if (change.kind === 'removed') {
      this.#tellEnds(change);
      return;
    }
    if (change.kind !== 'added' || source.legacyTold || !isLegacy(member))
      return;
    if (source.origin === 'joined') return;
    // It came with another cloud, or it was put back: nobody has told the other legacy members.
    for (const other of this.#legacyMembers()) {
      if (other.id === member.id) continue;
      this.#repairs.add(other.id, member.id);
      this.#repairs.add(member.id, other.id);
    }
    const { id } = member;
    env.clock.setTimeout(
      () => {
        const known = list.peek(id);
        if (known) void this.audit(known);
      },
      options.probeInterval * (1 + 2 * env.random.next()),
    );
  }

  /**
   * A legacy member said that somebody has left who has not: it has thrown it out, and told all others
   * to do so.
   */
  wrongly(evictor: string, id: string): void {
    const evicted = this.ctx.list.peek(id);
    const sender = this.ctx.list.peek(evictor);
    if (!evicted || !sender || !isLegacy(sender)) return;
    for (const legacy of this.#legacyMembers()) {
      if (
        legacy.id === id ||
        caretakerOf(this.ctx, legacy.id, id) !== this.ctx.self.id
      )
        continue;
      if (legacy.id === evictor) void this.introduce(legacy.id, evicted);
      else this.#repairs.add(legacy.id, id);
    }
  }

  /** Does this legacy member list this peer? If not, somebody that it knows introduces this peer. */
  async audit(legacy: MemberRecord): Promise<void> {
    if (
      this.#auditing.has(legacy.id) ||
      !isLegacy(legacy) ||
      !this.ctx.life.active
    )
      return;
    this.#auditing.add(legacy.id);
    try {
      if ((await this.teller.isListedBy(legacy)) === false)
        await this.#getIntroduced(legacy);
    } finally {
      this.#auditing.delete(legacy.id);
    }
  }

  /** Another peer asks to be introduced to a legacy member. Who has just been introduced is not again. */
  introduce(legacyId: string, newcomer: MemberRecord): Promise<boolean> {
    const legacy = this.ctx.list.get(legacyId);
    if (!legacy || !isLegacy(legacy) || legacyId === newcomer.id)
      return Promise.resolve(false);
    const key = `${legacyId} ${newcomer.id}`;
    const now = this.ctx.env.clock.monotonic();
    const last = this.#introduced.get(key);
    if (last && now - last.at < INTRODUCED) return last.done;
    const done = this.#tellAnew(legacy, newcomer);
    this.#introduced.delete(key);
    this.#introduced.set(key, { at: now, done });
    if (this.#introduced.size > MAX_INTRODUCTIONS) {
      this.#introduced.delete(this.#introduced.keys().next().value!);
    }
    return done;
  }

  /**
   * One of ours is listed once afterwards, however often it was before, or was told without an answer;
   * if the second half is lost, it finds that out itself. A legacy newcomer could not.
   */
  async #tellAnew(
    legacy: MemberRecord,
    newcomer: MemberRecord,
  ): Promise<boolean> {
    const isOurs = !isLegacy(newcomer);
    if (isOurs && !(await this.teller.left(legacy, newcomer.id))) return false;
    return this.teller.joined(legacy, newcomer);
  }

  async #getIntroduced(legacy: MemberRecord): Promise<void> {
    const { options, env, list, life } = this.ctx;
    env.logger.log(
      `${legacy.id} at ${legacy.address} does not list this peer: asking to be introduced`,
    );
    for (const introducer of caretakersOf(this.ctx, legacy.id, INTRODUCERS)) {
      const reply = await this.caller.ask(
        introducer,
        options.requestTimeout * 2,
        {
          introduce: legacy.id,
        },
      );
      if (reply.status?.ext?.introduced === true) return;
    }
    // It tells all that it knows of a join, and legacy peers among them would list this peer twice.
    const isLast = list.legacyCount === 1;
    if (isLast && life.active && list.peek(legacy.id))
      await this.joiner.joinAt(legacy);
  }

  /**
   * The one of us that looks after a legacy member tells it; the end of its own word it has heard
   * itself. Who takes over that work tells it the ends of the recent past too: while the one that went
   * was still listed, all others left them to it.
   */
  #tellEnds({
    member: { id },
    previous,
    reason,
    source,
  }: MemberChange & { kind: 'removed' }): void {
    for (const legacy of this.#legacyMembers()) {
      if (caretakerOf(this.ctx, legacy.id) !== this.ctx.self.id) continue;
      if (reason !== 'left' && legacy.id !== source.from)
        void this.teller.left(legacy, id);
      if (inherits(this.ctx, legacy.id, previous))
        this.#tellPastEnds(legacy, id);
    }
  }

  #tellPastEnds(legacy: MemberRecord, except: string): void {
    const { tombstones } = this.ctx.list;
    const past = tombstones.recent(INHERITED_PERIOD, MAX_INHERITED_ENDS);
    for (const { id, state } of past) {
      if (state === 'dead' && id !== except) void this.teller.left(legacy, id);
    }
  }

  #legacyMembers(): MemberRecord[] {
    return [...this.ctx.list.records()].filter(isLegacy);
  }
}
