import { BoundedMap } from '../../../util/bounded-map.js';
import { isPeerId } from '../../../wire/endpoints.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../wire/json.js';
import type { CoreContext } from '../context.js';
import type { Notifier } from '../dissemination/index.js';
import { isLegacy } from '../member-list/index.js';
import {
  MAX_LEGACY_REPAIRS,
  MAX_REPAIRS_IN_BODY,
} from '../options/membership.options.js';
import type { StatusCaller } from '../status/index.js';
import { isAmongResponsible, responsiblePeerFor } from './responsible-peer.js';

interface Repair {
  readonly legacy: string;
  readonly about: string;
  /** Monotonic ms of the last sign that the entry is missing: only a renewal that began later counts. */
  since: number;
  /** Monotonic ms from which on it may be tried. */
  notBefore: number;
  /** Ms between the next try and the one after it. */
  pause: number;
}

/** Periods that lists, and requests under way, get to settle. */
const SETTLING = 3;

/** How much longer the pause gets with each try; it is never longer than the one between audits. */
const BACKOFF = 2;

/** So many of us see to the repair of what all of us know to be missing. */
const WITNESSES = 8;

/**
 * Entries that legacy members may lack, or have too often, and cannot be asked about. The responsible peer
 * renews them, again and again until it is answered. Others that know of a missing entry ask the responsible
 * peer until it says that it is done: it may not have heard what they have.
 */
export class LegacyRepairs {
  readonly #waiting = new Map<string, Repair>();
  /** Turns of the round, and monotonic ms of the next one. */
  #turn = 0;
  #due: number;

  readonly #ctx: CoreContext;
  readonly #renewals: LegacyRenewals;
  readonly #caller: StatusCaller;

  constructor(
    ctx: CoreContext,
    renewals: LegacyRenewals,
    caller: StatusCaller,
  ) {
    this.#ctx = ctx;
    this.#renewals = renewals;
    this.#caller = caller;
    this.#due = this.#now + ctx.options.legacyAuditInterval;
  }

  /**
   * @param legacy the member whose list is in doubt
   * @param about the member that it may lack
   * @param settling periods until the first try
   */
  add(legacy: string, about: string, settling = SETTLING): void {
    this.#add(legacy, about, this.#now, settling);
  }

  /** The same, where all of us saw the sign: a few of them are enough. */
  addShared(legacy: string, about: string, settling = SETTLING): void {
    if (isAmongResponsible(this.#ctx, legacy, WITNESSES)) {
      this.add(legacy, about, settling);
    }
  }

  /** One period. */
  tick(): void {
    this.#round();
    const asked = new Map<string, Repair[]>();
    for (const repair of this.#waiting.values()) {
      if (repair.notBefore > this.#now) {
        continue;
      }
      const responsible = this.#responsibleFor(repair);
      if (responsible === undefined) {
        this.#end(repair);
        continue;
      }
      repair.notBefore = this.#now + repair.pause;
      repair.pause = Math.min(
        repair.pause * BACKOFF,
        this.#ctx.options.legacyAuditInterval,
      );
      if (responsible === this.#ctx.self.id) {
        void this.#run(repair);
      } else {
        asked.set(responsible, [...(asked.get(responsible) ?? []), repair]);
      }
    }
    for (const [responsible, repairs] of asked) {
      void this.#ask(responsible, repairs.slice(0, MAX_REPAIRS_IN_BODY));
    }
  }

  /** Another peer asks for repairs. Says which of them are done; the others are taken on. */
  receive(items: readonly JsonValue[]): boolean[] {
    return items.slice(0, MAX_REPAIRS_IN_BODY).map((item) => {
      const { legacy, about, ago } = isJsonObject(item) ? item : {};
      if (!isPeerId(legacy) || !isPeerId(about) || !this.#isKnown(about)) {
        return false;
      }
      const since = this.#now - Math.max(0, Number(ago) || 0);
      if (this.#renewals.isDoneSince(legacy, about, since)) {
        return true;
      }
      this.#add(legacy, about, since, 0);
      return false;
    });
  }

  /**
   * What a legacy member lists of the others of its kind it tells nobody, and nobody can ask. So the
   * responsible peer renews each of them, one after the other, without waiting for a sign: one for each
   * legacy member and audit interval. Members of ours ask for themselves.
   */
  #round(): void {
    const { list, options, self } = this.#ctx;
    if (this.#now < this.#due) {
      return;
    }
    // What may be gone is not introduced to anybody.
    const legacy = list
      .legacyMembers()
      .filter(({ state }) => state === 'alive');
    const own = legacy.filter(
      ({ id }) => responsiblePeerFor(this.#ctx, id) === self.id,
    );
    this.#due =
      this.#now + options.legacyAuditInterval / Math.max(1, own.length);
    // Each in turn, so that none hears two things in a row where there are several.
    const turn = this.#turn++;
    const member = own[turn % own.length];
    const others = legacy.filter((other) => other !== member);
    const about = others[Math.floor(turn / own.length) % others.length];
    if (member && about) {
      this.add(member.id, about.id, 0);
    }
  }

  #add(legacy: string, about: string, since: number, settling: number): void {
    const { probeInterval } = this.#ctx.options;
    const key = keyOf(legacy, about);
    const known = this.#waiting.get(key);
    if (known) {
      known.since = Math.max(known.since, since);
      if (settling === 0) {
        known.notBefore = this.#now;
      }
      return;
    }
    if (this.#waiting.size >= MAX_LEGACY_REPAIRS) {
      return;
    }
    const notBefore = this.#now + settling * probeInterval;
    const pause = SETTLING * probeInterval;
    this.#waiting.set(key, { legacy, about, since, notBefore, pause });
  }

  /** The peer that has to do it now; undefined if none can, or need. */
  #responsibleFor({ legacy, about }: Repair): string | undefined {
    const { list, self } = this.#ctx;
    const target = list.peek(legacy);
    if (!target || !isLegacy(target)) {
      return undefined;
    }
    const responsible = responsiblePeerFor(this.#ctx, legacy, about);
    if (responsible === self.id) {
      return responsible;
    }
    return responsible !== '' && this.#isKnown(about) ? responsible : undefined;
  }

  #isKnown(id: string): boolean {
    return id === this.#ctx.self.id || this.#ctx.list.peek(id) !== undefined;
  }

  async #run(repair: Repair): Promise<void> {
    const { legacy, about } = repair;
    if (!(await this.#renewals.run(legacy, about))) {
      return;
    }
    // What it lost again meanwhile needs another one.
    if (this.#renewals.isDoneSince(legacy, about, repair.since)) {
      this.#end(repair);
    }
  }

  async #ask(responsible: string, repairs: readonly Repair[]): Promise<void> {
    const member = this.#ctx.list.peek(responsible);
    if (!member) {
      return;
    }
    const items = repairs.map(({ legacy, about, since }): JsonObject => ({
      legacy,
      about,
      ago: this.#now - since,
    }));
    const asked = repairs.map(({ since }) => since);
    const { requestTimeout } = this.#ctx.options;
    const reply = await this.#caller.ask(member, requestTimeout, {
      repairs: items,
    });
    const done = reply.status?.ext?.repaired;
    if (!Array.isArray(done)) {
      return;
    }
    repairs.forEach((repair, index) => {
      if (done[index] === true && repair.since === asked[index]) {
        this.#end(repair);
      }
    });
  }

  #end({ legacy, about }: Repair): void {
    this.#waiting.delete(keyOf(legacy, about));
  }

  get #now(): number {
    return this.#ctx.env.clock.monotonic();
  }
}

/** Ms for which a renewal counts as just done. */
const JUST_NOW = 5000;

/** A renewal that succeeded. */
interface Renewal {
  /** Monotonic ms at which it began. */
  readonly start: number;
  /** False: the one in question was no member any more, so `/left` was all that was sent. */
  readonly isMember: boolean;
}

/**
 * Notifies a legacy member of another member anew: `/left`, then `/joined`. However often it listed that
 * member before, it lists it once afterwards. One at a time for each two members.
 */
export class LegacyRenewals {
  readonly #running = new Map<string, Promise<boolean>>();
  /** The last ones that succeeded, in the order of their ends. */
  readonly #done = new BoundedMap<string, Renewal>(MAX_LEGACY_REPAIRS);

  readonly #ctx: CoreContext;
  readonly #notifier: Notifier;

  constructor(ctx: CoreContext, notifier: Notifier) {
    this.#ctx = ctx;
    this.#notifier = notifier;
  }

  /** @returns true if the legacy member took note of both halves */
  run(legacy: string, about: string): Promise<boolean> {
    const key = keyOf(legacy, about);
    const running = this.#running.get(key);
    if (running) {
      return running;
    }
    const run = this.#notify(legacy, about).finally(() =>
      this.#running.delete(key),
    );
    this.#running.set(key, run);
    return run;
  }

  /** The same, unless it has just been done. */
  async runOnce(legacy: string, about: string): Promise<boolean> {
    const now = this.#ctx.env.clock.monotonic();
    return (
      this.isDoneSince(legacy, about, now - JUST_NOW) || this.run(legacy, about)
    );
  }

  /**
   * True if one that succeeded began at that time (monotonic ms) or later, and what it said is still so:
   * the end of a member says nothing about a member that is back.
   */
  isDoneSince(legacy: string, about: string, since: number): boolean {
    const last = this.#done.get(keyOf(legacy, about));
    if (!last || last.start < since) {
      return false;
    }
    return last.isMember === (this.#ctx.list.peek(about) !== undefined);
  }

  async #notify(legacy: string, about: string): Promise<boolean> {
    const { list, env } = this.#ctx;
    const start = env.clock.monotonic();
    const target = list.peek(legacy);
    if (!target || !(await this.#notifier.left(target, about))) {
      return false;
    }
    const member = list.peek(about);
    if (member && !(await this.#notifier.joined(target, member))) {
      return false;
    }
    this.#done.set(keyOf(legacy, about), {
      start,
      isMember: member !== undefined,
    });
    return true;
  }
}

function keyOf(legacy: string, about: string): string {
  return `${legacy} ${about}`;
}
