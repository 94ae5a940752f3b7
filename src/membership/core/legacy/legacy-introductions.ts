import type { PeerInfo } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import type { Notifier } from '../dissemination/index.js';
import type { Joiner } from '../join/index.js';
import { isLegacy, type MemberRecord } from '../member-list/index.js';
import { shuffle } from '../environment.js';
import type { StatusCaller } from '../status/index.js';
import type { LegacyRepairs } from './legacy-repairs.js';
import { responsiblePeerFor, responsiblePeersFor } from './responsible-peer.js';

/** For so many of us together, the pause between two audits of one legacy member stays the same. */
const AUDITORS = 30;

/** Others of us that are asked for an introduction, one after the other: the best suited, and some more. */
const BEST_INTRODUCERS = 3;
const MORE_INTRODUCERS = 3;

/** Control requests that an introduction may take, one after the other, with the one that asks for it. */
const REQUESTS = 3;

/** Sees to it that legacy members list this peer: asks them now and then, and gets it back onto their lists. */
export class LegacyIntroductions {
  readonly #auditing = new Set<string>();
  #joining = false;
  /** Turns of the audits, and monotonic ms of the next one. */
  #turn = 0;
  #due: number;

  readonly #ctx: CoreContext;
  readonly #notifier: Notifier;
  readonly #caller: StatusCaller;
  readonly #joiner: Joiner;
  readonly #repairs: LegacyRepairs;

  constructor(
    ctx: CoreContext,
    notifier: Notifier,
    caller: StatusCaller,
    joiner: Joiner,
    repairs: LegacyRepairs,
  ) {
    this.#ctx = ctx;
    this.#notifier = notifier;
    this.#caller = caller;
    this.#joiner = joiner;
    this.#repairs = repairs;
    const { env, options } = ctx;
    this.#due =
      env.clock.monotonic() + options.legacyAuditInterval * env.random.next();
  }

  /**
   * One period: one audit at most. The legacy members are asked in turn, and not by chance, which would
   * leave some of them out for long; at times of this peer's own, so that not all of us ask at once.
   */
  tick(): void {
    const { list, options, env } = this.#ctx;
    const now = env.clock.monotonic();
    if (now < this.#due) {
      return;
    }
    const legacy = list.legacyMembers();
    const pause =
      (options.legacyAuditInterval * Math.max(1, list.size / AUDITORS)) /
      Math.max(1, legacy.length);
    this.#due = now + pause * (0.5 + env.random.next());
    const member = legacy[this.#turn++ % legacy.length];
    if (member) {
      void this.audit(member);
    }
  }

  /** Does this legacy member list this peer? If not, a member that it knows introduces this peer. */
  async audit(legacy: MemberRecord): Promise<void> {
    if (
      this.#auditing.has(legacy.id) ||
      !isLegacy(legacy) ||
      !this.#ctx.life.active
    ) {
      return;
    }
    this.#auditing.add(legacy.id);
    try {
      if ((await this.#notifier.isListedBy(legacy)) === false) {
        await this.#getIntroduced(legacy);
      }
    } finally {
      this.#auditing.delete(legacy.id);
    }
  }

  /**
   * Another peer has let this one in, which was a member before. It has notified all on its list, perhaps
   * while others did so too, so that a legacy member among them lists this peer twice now; and a member
   * that is not on the list of a legacy receiver is missing there.
   */
  letIn(receiverId: string, listed: readonly PeerInfo[]): void {
    const { list, self } = this.#ctx;
    for (const info of listed) {
      const { features = [] } = list.peek(info.id) ?? info;
      if (isLegacy({ features })) {
        this.#repairs.add(info.id, self.id);
      }
    }
    const receiver = list.peek(receiverId);
    if (!receiver || !isLegacy(receiver)) {
      return;
    }
    const ids = new Set(listed.map(({ id }) => id));
    for (const { id } of this.#othersThan(receiver)) {
      if (!ids.has(id)) {
        this.#repairs.add(receiverId, id, 0);
      }
    }
  }

  /**
   * An introducer may do so while another one notifies the legacy member of this peer too, so that it lists
   * this peer twice, which nobody would ever notice. So it is notified once more when all is quiet.
   */
  async #getIntroduced(legacy: MemberRecord): Promise<void> {
    const { options, env, self } = this.#ctx;
    env.logger.log(
      `${legacy.id} at ${legacy.address} does not list this peer: asking to be introduced`,
    );
    const introducers = this.#introducers(legacy.id);
    for (const introducer of introducers) {
      const reply = await this.#caller.ask(
        introducer,
        options.requestTimeout * REQUESTS,
        { introduce: legacy.id },
      );
      if (reply.status?.ext?.introduced === true) {
        this.#repairs.add(legacy.id, self.id);
        return;
      }
      if (introducer === introducers[0]) {
        this.#doubtAll(legacy);
      }
    }
    // One at a time: what one legacy member is to forget is what the next one announces.
    if (this.#joining) {
      return;
    }
    this.#joining = true;
    try {
      await this.#joinAt(legacy);
    } finally {
      this.#joining = false;
    }
  }

  /**
   * Where not even the responsible peer is listed, the legacy member has thrown out several, and few were
   * left to hear of it: it may lack legacy members that nobody misses there.
   */
  #doubtAll(legacy: MemberRecord): void {
    for (const { id } of this.#othersThan(legacy)) {
      this.#repairs.add(legacy.id, id);
    }
  }

  #introducers(legacyId: string): MemberRecord[] {
    const ranked = responsiblePeersFor(this.#ctx, legacyId, Infinity);
    const best = ranked.splice(0, BEST_INTRODUCERS);
    const more = shuffle(ranked, this.#ctx.env.random);
    return [...best, ...more.slice(0, MORE_INTRODUCERS)];
  }

  /** No member that it knows is left, so this peer joins through it as if for the first time. */
  async #joinAt(legacy: MemberRecord): Promise<void> {
    const { list, life, self } = this.#ctx;
    if ((await this.#notifier.isListedBy(legacy)) !== false) {
      return;
    }
    if (!(await this.#isForgottenBy(legacy))) {
      return;
    }
    const known = list.peek(legacy.id);
    if (!known || !life.active || (await this.#joiner.joinAt(known))) {
      return;
    }
    // Perhaps only the answer was lost.
    for (const other of this.#othersThan(legacy)) {
      this.#repairs.add(other.id, self.id);
    }
  }

  /**
   * It announces a join to all that it knows, and other legacy members would list this peer twice then.
   * Another one of us puts that right afterwards; if there is none, they have to forget this peer before.
   */
  async #isForgottenBy(except: MemberRecord): Promise<boolean> {
    if (responsiblePeerFor(this.#ctx, except.id, this.#ctx.self.id) !== '') {
      return true;
    }
    const forgotten = await Promise.all(
      this.#othersThan(except).map((other) =>
        this.#notifier.isForgottenBy(other),
      ),
    );
    return !forgotten.includes(false);
  }

  #othersThan({ id }: MemberRecord): MemberRecord[] {
    return this.#ctx.list.legacyMembers().filter((member) => member.id !== id);
  }
}
