import type { PeerInfo } from '../../../wire/peer-info.js';
import { caretakerOf, caretakersOf } from './caretaker.js';
import type { CoreContext } from '../core-context.js';
import type { Joiner } from '../join/joiner.js';
import type { LegacyRepairs } from './legacy-repairs.js';
import { isLegacy, type MemberRecord } from '../member-list/member-record.js';
import { shuffle } from '../random.js';
import type { StatusCaller } from '../status/status-caller.js';
import type { Teller } from '../dissemination/teller.js';

/** Others of us that are asked for an introduction, one after the other: the best suited, and some more. */
const BEST_INTRODUCERS = 3;
const MORE_INTRODUCERS = 3;

/** Control requests that an introduction may take, one after the other, with the one that asks for it. */
const REQUESTS = 3;

/** Gets this peer back onto the list of a legacy member that threw it out. */
export class LegacyIntroductions {
  readonly #auditing = new Set<string>();
  #joining = false;

  readonly #ctx: CoreContext;
  readonly #teller: Teller;
  readonly #caller: StatusCaller;
  readonly #joiner: Joiner;
  readonly #repairs: LegacyRepairs;

  constructor(
    ctx: CoreContext,
    teller: Teller,
    caller: StatusCaller,
    joiner: Joiner,
    repairs: LegacyRepairs,
  ) {
    this.#ctx = ctx;
    this.#teller = teller;
    this.#caller = caller;
    this.#joiner = joiner;
    this.#repairs = repairs;
  }

  /** Does this legacy member list this peer? If not, somebody that it knows introduces this peer. */
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
      if ((await this.#teller.isListedBy(legacy)) === false) {
        await this.#getIntroduced(legacy);
      }
    } finally {
      this.#auditing.delete(legacy.id);
    }
  }

  /**
   * Another one has let this peer in, which was a member before. It has told everybody on its list, perhaps
   * while others told them too, so that a legacy member among them lists this peer twice now; and whoever
   * is not on the list of a legacy member is missing there.
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
   * Whoever introduces it may do so while another one tells the legacy member of this peer too, so that it
   * lists this peer twice, which nobody would ever notice. So it is told once more when all is quiet.
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
    // One at a time: what one legacy member is to forget is what the next one tells it.
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
   * Where not even whoever looks after it is listed, it has thrown out several, and few were left to
   * hear of it: it may lack legacy members that nobody misses there.
   */
  #doubtAll(legacy: MemberRecord): void {
    for (const { id } of this.#othersThan(legacy)) {
      this.#repairs.add(legacy.id, id);
    }
  }

  #introducers(legacyId: string): MemberRecord[] {
    const ranked = caretakersOf(this.#ctx, legacyId, Infinity);
    const best = ranked.splice(0, BEST_INTRODUCERS);
    const more = shuffle(ranked, this.#ctx.env.random);
    return [...best, ...more.slice(0, MORE_INTRODUCERS)];
  }

  /** Nobody that it knows is left, so this peer joins through it as if for the first time. */
  async #joinAt(legacy: MemberRecord): Promise<void> {
    const { list, life, self } = this.#ctx;
    if ((await this.#teller.isListedBy(legacy)) !== false) {
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
   * It tells all that it knows of a join, and other legacy members would list this peer twice then.
   * Another one of us puts that right afterwards; if there is none, they have to forget this peer before.
   */
  async #isForgottenBy(except: MemberRecord): Promise<boolean> {
    if (caretakerOf(this.#ctx, except.id, this.#ctx.self.id) !== '') {
      return true;
    }
    const forgotten = await Promise.all(
      this.#othersThan(except).map((other) =>
        this.#teller.isForgottenBy(other),
      ),
    );
    return !forgotten.includes(false);
  }

  #othersThan({ id }: MemberRecord): MemberRecord[] {
    return this.#ctx.list.legacyMembers().filter((member) => member.id !== id);
  }
}
