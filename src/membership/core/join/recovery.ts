import { sleep, type CoreContext } from '../context.js';
import type { Prober, ProbeRing } from '../failure-detection/index.js';
import {
  isCredibleIncarnation,
  isLegacy,
  leadOf,
  speaks,
  type MemberRecord,
} from '../member-list/index.js';
import type { StatusCaller } from '../status/index.js';
import type { Joiner } from './joiner.js';

/** A peer that has just joined is not known to everybody yet: ms, and rounds of gossip, until that is an eviction. */
const GRACE = 3000;
const GRACE_ROUNDS = 15;

/** How much longer the pause gets with each re-join in a row, and at most. */
const BACKOFF = 2;
const MAX_BACKOFF = 16;

/** How many members are asked, after a stall, whether they still list this peer. */
const ASKED_AFTER_STALL = 3;

/** How often the member that treats this peer as a stranger is asked again while it is silent. */
const CONFIRM_TRIES = 3;

/** How many joins are sent to get back in, at most, and through how many members. */
const MAX_JOINS = 6;

/** The time from when a member has said twice that it does not list this peer. */
interface Exile {
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** Gets this peer back in after others have taken it off their lists. */
export class Recovery {
  #joinedAt = -Infinity;
  #notBefore = -Infinity;
  #backoff = 1;
  #running = false;
  /** Over when this peer is back in; undefined while it is not known to be out. */
  #exile: Exile | undefined;
  /** Called with each member that does not list this peer. */
  #secondWord: (id: string) => void = () => {};

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #joiner: Joiner;
  readonly #prober: Prober;
  readonly #ring: ProbeRing;

  constructor(
    ctx: CoreContext,
    caller: StatusCaller,
    joiner: Joiner,
    prober: Prober,
    ring: ProbeRing,
  ) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#joiner = joiner;
    this.#prober = prober;
    this.#ring = ring;
  }

  /** True while this peer tries to get into its cloud, or back in. */
  get isRunning(): boolean {
    return this.#running || this.#joiner.isBusy;
  }

  /**
   * While this peer is known to be out: resolves when it has been let in, or gives up for now. What only
   * members are answered waits for that.
   */
  get whenBack(): Promise<void> | undefined {
    return this.#exile?.over;
  }

  /** This peer was let in somewhere. */
  joined(): void {
    this.#endExile();
    this.#joinedAt = this.#ctx.env.clock.monotonic();
  }

  /** A member says that it does not list this peer. It is asked again before anything is done about it. */
  unknownTo(id: string): void {
    const member = this.#ctx.list.get(id);
    if (!member) {
      return;
    }
    if (isLegacy(member)) {
      this.#ctx.events.emit('legacy.unlisted', member);
    } else {
      this.#start(member, this.#knownAt);
    }
  }

  /** A member's answer to a check shows that it does not list this peer. */
  unlistedBy(id: string): void {
    this.#secondWord(id);
    this.unknownTo(id);
  }

  /** A member sent this peer `/left` about itself. Perhaps it only passes on what others say, so it is asked. */
  evictedBy(by: { readonly id: string }): void {
    const member = this.#ctx.list.peek(by.id);
    if (!member) {
      return;
    }
    if (isLegacy(member)) {
      this.#ctx.events.emit('legacy.unlisted', member);
    } else {
      this.#start(member);
    }
  }

  /** This process stood still, and may have been taken for dead: it does not wait until its next checks show it. */
  stalled(): void {
    for (const member of this.#others(ASKED_AFTER_STALL)) {
      void this.#caller.ask(member, this.#prober.patience);
    }
  }

  /**
   * A peer whose clock was days ahead at its start is believed nowhere. Once the clock is right it begins
   * anew, without the members that it believed by the wrong one: those do the same, and all of them find the
   * cloud by the seeds.
   */
  checkClock(): void {
    const { self, list, env } = this.#ctx;
    const before = self.incarnation;
    if (!self.rewind()) {
      return;
    }
    env.logger.warn(
      `The clock was ${leadOf(before, env.clock)} ahead when this peer started, and is right now: it begins anew`,
    );
    for (const { id, incarnation } of list.records()) {
      if (!isCredibleIncarnation(incarnation, env.clock, 'ownWord')) {
        const end = { id, incarnation, state: 'dead' } as const;
        list.applyState(end, { origin: 'check', quiet: true });
        list.tombstones.delete(id);
      }
    }
  }

  #start(member: MemberRecord, notBefore = -Infinity): void {
    const { life } = this.#ctx;
    if (this.#running || !life.active || this.#joiner.isBusy) {
      return;
    }
    this.#running = true;
    void this.#rejoin(member, notBefore).finally(() => {
      this.#running = false;
      this.#endExile();
    });
  }

  /**
   * Tries until it is in, or until nobody says any more that it is not.
   * @param notBefore monotonic ms until which there may be another reason for it
   */
  async #rejoin(member: MemberRecord, notBefore: number): Promise<void> {
    const { env, life } = this.#ctx;
    const { clock } = env;
    const young = notBefore - clock.monotonic();
    if (young > 0) {
      await sleep(this.#ctx, young * (0.5 + env.random.next()));
    }
    let asked: MemberRecord | undefined = member;
    while (asked && (await this.#isStranger(asked))) {
      this.#beginExile();
      const pause = this.#notBefore - clock.monotonic();
      if (pause > 0) {
        await sleep(this.#ctx, pause);
        if (!(await this.#isStranger(asked))) {
          return;
        }
      }
      if (!life.active || (await this.#joinThrough(asked))) {
        return;
      }
      [asked] = this.#others(1);
    }
  }

  #beginExile(): void {
    if (!this.#exile) {
      let end!: () => void;
      const over = new Promise<void>((resolve) => (end = resolve));
      this.#exile = { over, end };
    }
  }

  #endExile(): void {
    this.#exile?.end();
    this.#exile = undefined;
  }

  /** Joins through a member that does not list this peer, or through others; true if one has let it in. */
  #joinThrough(member: MemberRecord): Promise<boolean> {
    const { env, options } = this.#ctx;
    env.logger.log(
      `${member.id} at ${member.address} does not list this peer any more: joining again`,
    );
    const now = env.clock.monotonic();
    // Long quiet before: start again with the shortest pause.
    if (now - this.#notBefore > options.rejoinInterval * MAX_BACKOFF) {
      this.#backoff = 1;
    }
    this.#notBefore =
      now + options.rejoinInterval * this.#backoff * (1 + env.random.next());
    this.#backoff = Math.min(this.#backoff * BACKOFF, MAX_BACKOFF);
    const ways = [member, ...this.#others(MAX_JOINS - 1, member)];
    return this.#joiner.joinAny(
      ways.map(({ id }) => id),
      MAX_JOINS,
    );
  }

  /** Asked again, the member says the same; or another one does, which is as good. */
  async #isStranger(member: MemberRecord): Promise<boolean> {
    const others = new Promise<boolean>((resolve) => {
      this.#secondWord = (id) => {
        if (id !== member.id && !this.#isYoung) {
          resolve(true);
        }
      };
    });
    const isStranger = await Promise.race([this.#saysAgain(member), others]);
    this.#secondWord = () => {};
    return isStranger;
  }

  /** Only a peer that lists this one answers with the extension part. */
  async #saysAgain(member: MemberRecord): Promise<boolean> {
    for (let tries = 0; tries < CONFIRM_TRIES; tries++) {
      const known = this.#ctx.list.peek(member.id);
      if (!known) {
        return false;
      }
      const { kind, status } = await this.#caller.ask(
        known,
        this.#prober.patience,
      );
      if (kind === 'online') {
        return Boolean(status.features && !status.ext);
      }
      if (kind !== 'silent') {
        return false;
      }
    }
    return false;
  }

  /** Some may not have heard of this peer's last join yet. */
  get #isYoung(): boolean {
    return this.#ctx.env.clock.monotonic() < this.#knownAt;
  }

  /** Monotonic ms at which all should have heard of the last join. */
  get #knownAt(): number {
    const { gossipInterval } = this.#ctx.options;
    return this.#joinedAt + Math.max(GRACE, GRACE_ROUNDS * gossipInterval);
  }

  /** Members by chance that can tell whether they list this peer: none that is unconfirmed. */
  #others(count: number, except?: MemberRecord): MemberRecord[] {
    const { list } = this.#ctx;
    const fits = (id: string) => {
      const member = list.get(id);
      return (
        id !== except?.id &&
        member?.state === 'alive' &&
        speaks(member, 'gossip') &&
        !list.room.unconfirmed.has(id)
      );
    };
    return this.#ring.sample(count, fits).map((id) => list.peek(id)!);
  }
}
