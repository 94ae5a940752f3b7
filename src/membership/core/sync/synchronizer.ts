import { messageOf } from '../../../errors/error-text.js';
import type { JsonObject } from '../../../wire/json.js';
import type { TimerHandle } from '../environment.js';
import type { CoreContext } from '../context.js';
import type { Gossiper, UpdateIntake } from '../dissemination/index.js';
import type { ProbeRing } from '../failure-detection/index.js';
import {
  DIGEST_BUCKETS,
  speaks,
  type MemberRecord,
} from '../member-list/index.js';
import { successOf } from '../peer-calls.js';
import {
  collect,
  contradictions,
  differing,
  readBuckets,
  readDiffering,
  readList,
  versionsOf,
} from './sync-body.js';

/** Comparisons that follow a join, and a comparison that found many differences; ms between them. */
const SYNCS_AFTER_CHANGE = 3;
const MIN_PAUSE = 1000;
const MAX_PAUSE = 3000;

/** Differences from which on more of them are likely. */
const MANY_DIFFERENCES = 4;

/** So often in a row that brings about more comparisons: some differences do not go away by comparing. */
const MAX_IN_A_ROW = 10;

/** Digests in a row that differ while updates are on their way, until that is no excuse any more. */
const PATIENCE = 5;

/** Anti-entropy: finds out that two lists differ, where, and brings them together (`/sync`). */
export class Synchronizer {
  #timer: TimerHandle;
  #due = Infinity;
  #running = false;
  #remaining = 0;
  #differing = 0;
  #lastByDigest = -Infinity;
  #partner: string | undefined;
  #inARow = 0;
  #hasMore = false;

  readonly #ctx: CoreContext;
  readonly #intake: UpdateIntake;
  readonly #ring: ProbeRing;
  readonly #gossiper: Gossiper;

  constructor(
    ctx: CoreContext,
    intake: UpdateIntake,
    ring: ProbeRing,
    gossiper: Gossiper,
  ) {
    this.#ctx = ctx;
    this.#intake = intake;
    this.#ring = ring;
    this.#gossiper = gossiper;
  }

  /** A member's digest has come along with something else. */
  digest(text: string, from: MemberRecord): void {
    if (text === this.#ctx.list.digest.text) {
      this.#differing = 0;
      return;
    }
    this.#differing++;
    if (this.#gossiper.isBusy && this.#differing < PATIENCE) {
      return;
    }
    const { clock, random } = this.#ctx.env;
    const { syncInterval, probeInterval } = this.#ctx.options;
    const now = clock.monotonic();
    if (now - this.#lastByDigest < syncInterval) {
      return;
    }
    this.#lastByDigest = now + random.next() * probeInterval;
    this.#schedule(random.next() * probeInterval, from.id);
  }

  /** Something has happened after which lists tend to differ: a join, a stall. */
  soon(times = SYNCS_AFTER_CHANGE): void {
    this.#remaining = Math.max(this.#remaining, times);
    this.#scheduleNext();
  }

  /** Compares lists with one member now. */
  now(partner: string): void {
    this.#schedule(0, partner);
  }

  /** Answers `/sync`. */
  receive(body: JsonObject, sender: MemberRecord): JsonObject {
    const { list, options } = this.#ctx;
    const { maxPeers } = options;
    const members = readList(body.members, maxPeers);
    const objections = contradictions(this.#ctx, members);
    this.#intake.take(members, sender, 'sync');
    this.#intake.take(readList(body.dead, maxPeers), sender, 'sync');
    const answer: JsonObject = { digest: list.digest.text };
    if (objections.length > 0) {
      answer.dead = objections;
    }
    const theirs = readBuckets(body.buckets);
    if (!theirs || body.digest === list.digest.text) {
      return answer;
    }
    const where = differing(list.digest.buckets(theirs.length), theirs);
    const { members: ours, more } = collect(
      this.#ctx,
      theirs.length,
      new Set(where),
      ({ id }) => id !== sender.id,
    );
    return { ...answer, differing: where, members: ours, more };
  }

  stop(): void {
    this.#ctx.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }

  #scheduleNext(): void {
    const { random } = this.#ctx.env;
    this.#schedule(MIN_PAUSE + random.next() * (MAX_PAUSE - MIN_PAUSE));
  }

  /** One timer: the earliest wish counts. */
  #schedule(wait: number, partner?: string): void {
    const { env, life } = this.#ctx;
    const due = env.clock.monotonic() + wait;
    if (!life.active) {
      return;
    }
    if (due >= this.#due) {
      return;
    }
    this.#due = due;
    this.#partner = partner;
    env.clock.clearTimeout(this.#timer);
    this.#timer = env.clock.setTimeout(() => void this.#fire(), wait);
  }

  async #fire(): Promise<void> {
    this.#timer = undefined;
    this.#due = Infinity;
    if (this.#running) {
      this.#scheduleNext();
      return;
    }
    this.#settle(await this.#run(this.#pick(this.#partner)));
  }

  /** @returns how many records differed; a comparison that fails is one that found nothing */
  async #run(partner: MemberRecord | undefined): Promise<number> {
    this.#running = true;
    try {
      return partner ? await this.#sync(partner) : 0;
    } catch (error) {
      this.#ctx.env.logger.warn(`Comparing lists failed: ${messageOf(error)}`);
      return 0;
    } finally {
      this.#running = false;
    }
  }

  /** Is another one due after this one? */
  #settle(found: number): void {
    if (this.#remaining > 0) {
      this.#remaining--;
    }
    if (this.#hasMore) {
      this.#remaining++;
    }
    if (found < MANY_DIFFERENCES) {
      this.#inARow = 0;
    } else if (++this.#inARow <= MAX_IN_A_ROW) {
      this.#remaining = Math.max(this.#remaining, SYNCS_AFTER_CHANGE);
    }
    if (this.#remaining > 0) {
      this.#scheduleNext();
    }
  }

  #pick(wanted: string | undefined): MemberRecord | undefined {
    const { list } = this.#ctx;
    const known = wanted === undefined ? undefined : list.get(wanted);
    if (known && speaks(known, 'sync')) {
      return known;
    }
    const [id] = this.#ring.sample(1, (other) => {
      const member = list.get(other);
      return member !== undefined && speaks(member, 'sync');
    });
    return id === undefined ? undefined : list.get(id);
  }

  /** @returns how many records differed */
  async #sync(partner: MemberRecord): Promise<number> {
    const { list } = this.#ctx;
    const { digest } = list;
    // What did not fit last time is easier to tell apart in the finest division.
    const count = this.#hasMore ? DIGEST_BUCKETS : digest.suitableCount;
    const buckets = digest.buckets(count);
    const answer = await this.#call(partner, { digest: digest.text, buckets });
    this.#hasMore = false;
    if (!answer || !this.#ctx.life.active) {
      return 0;
    }
    const { maxPeers } = this.#ctx.options;
    const theirs = readList(answer.members, maxPeers);
    const versions = versionsOf(theirs);
    const dead = contradictions(this.#ctx, theirs);
    const missing = [...versions].filter(([id, version]) =>
      this.#lacks(id, version),
    );
    this.#intake.take(theirs, partner, 'sync');
    this.#intake.take(readList(answer.dead, maxPeers), partner, 'sync');
    const where = readDiffering(answer.differing, buckets.length);
    const theirsIsWhole = answer.more !== true;
    // Of a list that is not whole, nobody can say what it lacks.
    const { members, more } = theirsIsWhole
      ? collect(
          this.#ctx,
          buckets.length,
          where,
          (record) =>
            record.id !== partner.id &&
            (versions.get(record.id) ?? -1) < record.incarnation,
        )
      : { members: [], more: true };
    this.#hasMore = more;
    if (members.length > 0 || dead.length > 0) {
      const reply = await this.#call(partner, { members, dead });
      if (reply) {
        this.#intake.take(readList(reply.dead, maxPeers), partner, 'sync');
      }
    }
    const differences = members.length + dead.length + missing.length;
    if (differences > 0) {
      this.#ctx.env.logger.debug(
        `Compared lists with ${partner.id}: ${differences} differences`,
      );
    }
    return differences;
  }

  #lacks(id: string, version: number): boolean {
    const { list, self } = this.#ctx;
    return id !== self.id && (list.peek(id)?.incarnation ?? -1) < version;
  }

  async #call(
    partner: MemberRecord,
    body: JsonObject,
  ): Promise<JsonObject | undefined> {
    const { calls, options } = this.#ctx;
    const result = await calls.call(
      partner,
      'sync',
      body,
      options.requestTimeout,
    );
    return successOf(result)?.body;
  }
}
