import { isPeerId } from '../../../wire/endpoints.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../wire/json.js';
import { caretakerOf, isAmongCaretakers } from './caretaker.js';
import type { CoreContext } from '../core-context.js';
import type { LegacyRenewals } from './legacy-renewals.js';
import { isLegacy } from '../member-list/member-record.js';
import {
  MAX_LEGACY_REPAIRS,
  MAX_REPAIRS_IN_BODY,
} from '../options/membership.limits.js';
import type { StatusCaller } from '../status/status-caller.js';

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
 * Entries that legacy members may lack (or have too much), and cannot be asked about. One of us, the caretaker, renews
 * them, again and again until it is answered. Others that know of a missing entry ask the caretaker
 * until it says that it is done: it may not have heard what they have.
 */
export class LegacyRepairs {
  readonly #waiting = new Map<string, Repair>();

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
    if (isAmongCaretakers(this.#ctx, legacy, WITNESSES)) {
      this.add(legacy, about, settling);
    }
  }

  /** One period. */
  tick(): void {
    const asked = new Map<string, Repair[]>();
    for (const repair of this.#waiting.values()) {
      if (repair.notBefore > this.#now) {
        continue;
      }
      const caretaker = this.#caretakerOf(repair);
      if (caretaker === undefined) {
        this.#end(repair);
        continue;
      }
      repair.notBefore = this.#now + repair.pause;
      repair.pause = Math.min(
        repair.pause * BACKOFF,
        this.#ctx.options.legacyAuditInterval,
      );
      if (caretaker === this.#ctx.self.id) {
        void this.#run(repair);
      } else {
        asked.set(caretaker, [...(asked.get(caretaker) ?? []), repair]);
      }
    }
    for (const [caretaker, repairs] of asked) {
      void this.#ask(caretaker, repairs.slice(0, MAX_REPAIRS_IN_BODY));
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

  #add(legacy: string, about: string, since: number, settling: number): void {
    const { probeInterval } = this.#ctx.options;
    const key = keyOf({ legacy, about });
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

  /** Whoever has to do it now; undefined if nobody can, or need not. */
  #caretakerOf({ legacy, about }: Repair): string | undefined {
    const target = this.#ctx.list.peek(legacy);
    if (!target || !isLegacy(target)) {
      return undefined;
    }
    const caretaker = caretakerOf(this.#ctx, legacy, about);
    if (caretaker === this.#ctx.self.id) {
      return caretaker;
    }
    return caretaker !== '' && this.#isKnown(about) ? caretaker : undefined;
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

  async #ask(caretaker: string, repairs: readonly Repair[]): Promise<void> {
    const member = this.#ctx.list.peek(caretaker);
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

  #end(repair: Repair): void {
    this.#waiting.delete(keyOf(repair));
  }

  get #now(): number {
    return this.#ctx.env.clock.monotonic();
  }
}

function keyOf({ legacy, about }: Pick<Repair, 'legacy' | 'about'>): string {
  return `${legacy} ${about}`;
}
