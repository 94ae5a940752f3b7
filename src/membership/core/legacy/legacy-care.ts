import { isPeerId } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import { caretakerOf, inherits } from './caretaker.js';
import type { CoreContext } from '../core-context.js';
import type { Joiner } from '../join/joiner.js';
import { LegacyAudits } from './legacy-audits.js';
import { LegacyIntroductions } from './legacy-introductions.js';
import { LegacyRenewals } from './legacy-renewals.js';
import { LegacyRepairs } from './legacy-repairs.js';
import { LegacyRounds } from './legacy-rounds.js';
import { isLegacy, type MemberRecord } from '../member-list/member-record.js';
import type { MemberChange } from '../member-list/member-change.js';
import {
  INHERITED_PERIOD,
  MAX_INHERITED_ENDS,
} from '../options/membership.limits.js';
import type { Member } from '../membership.types.js';
import type { StatusCaller } from '../status/status-caller.js';
import type { Teller } from '../dissemination/teller.js';

/** Ms within which a legacy member that lists this peer twice tells it the same thing twice. */
const ECHO = 500;

/**
 * Keeps the lists of legacy members right: they neither heal nor compare, and they add whatever they
 * are told (PROTOCOL.md, section 2, and the habits that DESIGN names).
 */
export class LegacyCare {
  readonly #renewals: LegacyRenewals;
  readonly #repairs: LegacyRepairs;
  readonly #rounds: LegacyRounds;
  readonly #introductions: LegacyIntroductions;
  readonly #audits: LegacyAudits;
  /** The last `/left` of a legacy member. */
  #heard = { evictor: '', id: '', at: -Infinity };

  readonly #ctx: CoreContext;
  readonly #teller: Teller;

  constructor(
    ctx: CoreContext,
    teller: Teller,
    caller: StatusCaller,
    joiner: Joiner,
  ) {
    this.#ctx = ctx;
    this.#teller = teller;
    this.#renewals = new LegacyRenewals(ctx, teller);
    this.#repairs = new LegacyRepairs(ctx, this.#renewals, caller);
    this.#rounds = new LegacyRounds(ctx, this.#repairs);
    this.#introductions = new LegacyIntroductions(
      ctx,
      teller,
      caller,
      joiner,
      this.#repairs,
    );
    this.#audits = new LegacyAudits(ctx, this.#introductions);
  }

  /** One period. */
  tick(): void {
    this.#audits.tick();
    if (this.#ctx.list.legacyCount === 0) {
      return;
    }
    this.#rounds.tick();
    this.#repairs.tick();
  }

  changed(change: MemberChange): void {
    const { list, env, options } = this.#ctx;
    const { member, source } = change;
    if (list.legacyCount === 0) {
      return;
    }
    if (change.kind === 'removed') {
      this.#tellEnds(change);
      return;
    }
    if (change.kind !== 'added' || source.legacyTold || !isLegacy(member)) {
      return;
    }
    if (source.origin === 'joined') {
      return;
    }
    // It came with another cloud, or it was put back: nobody has told the other legacy members.
    for (const other of this.#ctx.list.legacyMembers()) {
      if (other.id === member.id) {
        continue;
      }
      this.#repairs.addShared(other.id, member.id);
      this.#repairs.addShared(member.id, other.id);
    }
    const { id } = member;
    env.clock.setTimeout(
      () => {
        const known = list.peek(id);
        if (known) {
          void this.audit(known);
        }
      },
      options.probeInterval * (1 + 2 * env.random.next()),
    );
  }

  /** A legacy member says that somebody has left. Said twice, it lists this peer twice: that is put right. */
  told(evictor: Member, id: string): void {
    if (!isLegacy(evictor)) {
      return;
    }
    const { evictor: last, id: lastId, at } = this.#heard;
    const now = this.#ctx.env.clock.monotonic();
    if (last === evictor.id && lastId === id && now - at < ECHO) {
      this.#repairs.add(evictor.id, this.#ctx.self.id);
    }
    this.#heard = { evictor: evictor.id, id, at: now };
  }

  /**
   * A legacy member said that somebody has left who has not: it has thrown it out, and told all others
   * to do so.
   */
  wrongly(evictor: string, id: string): void {
    const sender = this.#ctx.list.peek(evictor);
    if (!sender || !isLegacy(sender)) {
      return;
    }
    for (const legacy of this.#ctx.list.legacyMembers()) {
      if (legacy.id === evictor) {
        this.#repairs.addShared(legacy.id, id, 0);
      } else if (legacy.id !== id) {
        this.#repairs.addShared(legacy.id, id);
      }
    }
  }

  /** A legacy member may not know of a join or an end that it was told of, or list somebody twice. */
  doubt(legacyId: string, about: string): void {
    if (this.#ctx.life.active) {
      this.#repairs.add(legacyId, about);
    }
  }

  /** Does this legacy member list this peer? If not, it is put right. */
  audit(legacy: MemberRecord): Promise<void> {
    return this.#introductions.audit(legacy);
  }

  /** Another one has let this peer in, which was a member before; `listed` is who is on its list. */
  letIn(receiverId: string, listed: readonly PeerInfo[]): void {
    this.#introductions.letIn(receiverId, listed);
  }

  /** Services for a member: an introduction to a legacy member, repairs of their lists. */
  async serve(request: JsonObject, sender: MemberRecord): Promise<JsonObject> {
    const extra: JsonObject = {};
    if (isPeerId(request.introduce)) {
      extra.introduced = await this.#introduce(request.introduce, sender);
    }
    if (Array.isArray(request.repairs)) {
      extra.repaired = this.#repairs.receive(request.repairs);
    }
    return extra;
  }

  async #introduce(legacyId: string, { id }: MemberRecord): Promise<boolean> {
    const legacy = this.#ctx.list.peek(legacyId);
    if (!legacy || !isLegacy(legacy)) {
      return false;
    }
    return this.#renewals.runOnce(legacyId, id);
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
    for (const legacy of this.#ctx.list.legacyMembers()) {
      if (caretakerOf(this.#ctx, legacy.id) !== this.#ctx.self.id) {
        continue;
      }
      if (reason !== 'left' && legacy.id !== source.from) {
        void this.#teller.left(legacy, id);
      }
      // A `/joined` that was under way meanwhile may come after it: it is told once more when all is quiet.
      this.#repairs.add(legacy.id, id);
      if (inherits(this.#ctx, legacy.id, previous)) {
        this.#tellPastEnds(legacy, id);
      }
    }
  }

  #tellPastEnds(legacy: MemberRecord, except: string): void {
    const { tombstones } = this.#ctx.list;
    const past = tombstones.recent(INHERITED_PERIOD, MAX_INHERITED_ENDS);
    for (const { id, state } of past) {
      if (state === 'dead' && id !== except) {
        void this.#teller.left(legacy, id);
      }
    }
  }
}
