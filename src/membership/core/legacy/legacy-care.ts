import { isPeerId } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import type { Newcomers, Notifier } from '../dissemination/index.js';
import type { Joiner } from '../join/index.js';
import {
  isLegacy,
  type MemberAdded,
  type MemberRecord,
  type MemberRemoved,
} from '../member-list/index.js';
import type { Member } from '../membership.types.js';
import {
  INHERITED_PERIOD,
  MAX_INHERITED_ENDS,
} from '../options/membership.options.js';
import type { StatusCaller, StatusService } from '../status/index.js';
import { LegacyIntroductions } from './legacy-introductions.js';
import { LegacyRenewals, LegacyRepairs } from './legacy-repairs.js';
import { responsiblePeerFor, tookOverFrom } from './responsible-peer.js';

/** Ms within which a legacy member that lists this peer twice tells it the same thing twice. */
const ECHO = 500;

/**
 * Keeps the lists of legacy members right: they neither heal nor compare, and they add whatever they
 * are told (PROTOCOL.md, section 2). Each sign that a list is wrong becomes a repair.
 */
export class LegacyCare implements StatusService {
  readonly #renewals: LegacyRenewals;
  readonly #repairs: LegacyRepairs;
  readonly #introductions: LegacyIntroductions;
  /** The last `/left` of a legacy member. */
  #heard = { from: '', id: '', at: -Infinity };

  readonly #ctx: CoreContext;
  readonly #notifier: Notifier;
  readonly #newcomers: Newcomers;

  constructor(
    ctx: CoreContext,
    notifier: Notifier,
    newcomers: Newcomers,
    caller: StatusCaller,
    joiner: Joiner,
  ) {
    this.#ctx = ctx;
    this.#notifier = notifier;
    this.#newcomers = newcomers;
    this.#renewals = new LegacyRenewals(ctx, notifier);
    this.#repairs = new LegacyRepairs(ctx, this.#renewals, caller);
    this.#introductions = new LegacyIntroductions(
      ctx,
      notifier,
      caller,
      joiner,
      this.#repairs,
    );
  }

  /** One period. */
  tick(): void {
    this.#introductions.tick();
    if (this.#ctx.list.legacyCount > 0) {
      this.#repairs.tick();
    }
  }

  /**
   * A member is new on the list. A legacy member that came with another cloud, or was put back, is new to
   * the other legacy members too: nobody has notified them.
   */
  added({ member, source }: MemberAdded): void {
    const { list, env, options } = this.#ctx;
    const isNotified = source.legacyNotified || source.origin === 'joined';
    if (isNotified || !isLegacy(member)) {
      return;
    }
    const { id } = member;
    for (const other of list.legacyMembers()) {
      if (other.id !== id) {
        this.#repairs.addShared(other.id, id);
        this.#repairs.addShared(id, other.id);
      }
    }
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

  /**
   * A member is off the list. Each legacy member is told once: by the one that leaves itself, or by the
   * responsible peer; by this one where that does not know the legacy member yet. A peer that takes over the
   * responsibility sends the ends of the recent past too: while the one that went was still listed, all
   * others left them to it.
   */
  removed({ member: { id }, previous, reason, source }: MemberRemoved): void {
    const { list, self } = this.#ctx;
    for (const legacy of list.legacyMembers()) {
      const responsible = responsiblePeerFor(this.#ctx, legacy.id);
      const teller = reason === 'left' ? id : responsible;
      const isOwnTask =
        teller === self.id || !this.#newcomers.isKnownTo(legacy.id, teller);
      if (isOwnTask && legacy.id !== source.from) {
        void this.#notifier.left(legacy, id);
      }
      if (responsible !== self.id) {
        continue;
      }
      // A `/joined` that was under way meanwhile may come after it: it is sent once more when all is quiet.
      this.#repairs.add(legacy.id, id);
      if (tookOverFrom(this.#ctx, legacy.id, previous)) {
        this.#notifyPastEnds(legacy, id);
      }
    }
  }

  /** A member says that a third one has left. A legacy one that says so twice lists this peer twice: that is put right. */
  leftReported(from: Member, id: string): void {
    if (!isLegacy(from)) {
      return;
    }
    const last = this.#heard;
    const now = this.#ctx.env.clock.monotonic();
    if (last.from === from.id && last.id === id && now - last.at < ECHO) {
      this.#repairs.add(from.id, this.#ctx.self.id);
    }
    this.#heard = { from: from.id, id, at: now };
  }

  /**
   * A member said that a third one has left, which has not. A legacy one has thrown it out, and notified all
   * others, so that they do so too.
   */
  leftWrongly(from: string, id: string): void {
    const sender = this.#ctx.list.peek(from);
    if (!sender || !isLegacy(sender)) {
      return;
    }
    for (const legacy of this.#ctx.list.legacyMembers()) {
      if (legacy.id === from) {
        this.#repairs.addShared(legacy.id, id, 0);
      } else if (legacy.id !== id) {
        this.#repairs.addShared(legacy.id, id);
      }
    }
  }

  /** A legacy member may not know of a join or an end, or list a member twice. */
  doubt(legacyId: string, about: string): void {
    if (this.#ctx.life.active) {
      this.#repairs.add(legacyId, about);
    }
  }

  /** Does this legacy member list this peer? If not, it is put right. */
  audit(legacy: MemberRecord): Promise<void> {
    return this.#introductions.audit(legacy);
  }

  /** Another peer has let this one in, which was a member before; `listed` is who is on its list. */
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

  #notifyPastEnds(legacy: MemberRecord, except: string): void {
    const { tombstones } = this.#ctx.list;
    const past = tombstones.recent(INHERITED_PERIOD, MAX_INHERITED_ENDS);
    for (const { id, state } of past) {
      if (state === 'dead' && id !== except) {
        void this.#notifier.left(legacy, id);
      }
    }
  }
}
