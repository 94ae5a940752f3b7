import { formatAddress } from '../../../wire/address.js';
import type { PeerAddress } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import type { Prober } from '../failure-detection/index.js';
import {
  changeRecord,
  isLegacy,
  type MemberRecord,
} from '../member-list/index.js';
import type { StatusCaller } from '../status/index.js';
import type { Joiner } from './joiner.js';
import { isSource } from './seed-sources.js';

/**
 * Dials the dead and the seeds again, now and then, so that the parts of a cloud find each other.
 * How often is spread over the whole cloud: a few calls for all peers in each period.
 */
export class Healer {
  #running = false;

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #joiner: Joiner;
  readonly #prober: Prober;

  constructor(
    ctx: CoreContext,
    caller: StatusCaller,
    joiner: Joiner,
    prober: Prober,
  ) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#joiner = joiner;
    this.#prober = prober;
  }

  /** One period. */
  async tick(): Promise<void> {
    const { list, options, env, life } = this.#ctx;
    const chance = options.redialRate / (list.size + 1);
    if (
      env.random.next() >= chance ||
      this.#running ||
      this.#joiner.isBusy ||
      !life.active
    ) {
      return;
    }
    this.#running = true;
    try {
      await this.#redial();
    } finally {
      this.#running = false;
    }
  }

  async #redial(): Promise<void> {
    const { list, options, env } = this.#ctx;
    const seeded = options.seeds.length > 0;
    const seedFirst = seeded && env.random.next() < 0.5;
    if (seedFirst && (await this.#dialSeed())) {
      return;
    }
    const stone = list.tombstones.pickDead(env.random);
    if (stone) {
      await this.#dialDead(stone.record);
    } else if (seeded && !seedFirst) {
      await this.#dialSeed();
    }
  }

  async #dialDead(record: MemberRecord): Promise<void> {
    const { list } = this.#ctx;
    if (list.at(record.address)) {
      list.tombstones.forgetAddress(record.id);
      return;
    }
    const reply = await this.#caller.askAddress(
      record,
      this.#prober.patience,
      record.id,
    );
    if (reply.kind === 'other') {
      list.tombstones.forgetAddress(record.id);
    }
    if (reply.kind !== 'online' || list.peek(record.id)) {
      return;
    }
    this.#ctx.env.logger.debug(`${record.id} at ${record.address} is back`);
    if (isLegacy(record) && reply.status.features === undefined) {
      this.#putBack(record);
    } else {
      await this.#joiner.joinAt(record);
    }
  }

  /** A legacy peer does not know that it was missed, so it cannot contradict: this peer does. */
  #putBack(record: MemberRecord): void {
    const incarnation =
      (this.#ctx.list.tombstones.get(record.id)?.incarnation ?? 0) + 1;
    const member = changeRecord(record, { incarnation, state: 'alive' });
    this.#ctx.list.apply(member, { origin: 'check', verified: true });
  }

  /** @returns false if all seeds are members, so that nobody was called */
  async #dialSeed(): Promise<boolean> {
    const { options, env, list } = this.#ctx;
    const { addresses } = this.#joiner;
    const pick = <T>(items: readonly T[]): T | undefined =>
      items[Math.floor(env.random.next() * items.length)];
    const one = pick(options.seeds)!;
    const seed = isSource(one) ? pick(await addresses.named(one)) : one;
    const strangers = (seed ? await addresses.of(seed) : []).filter(
      (address) => !list.at(formatAddress(address)),
    );
    const address = pick(strangers);
    if (!address) {
      return false;
    }
    if (await this.#isStranger(address)) {
      await this.#joiner.joinAt(address);
    }
    return true;
  }

  /** A member may answer under a second address: that is no reason to join. */
  async #isStranger(address: PeerAddress): Promise<boolean> {
    const { list, self } = this.#ctx;
    const reply = await this.#caller.askAddress(address, this.#prober.patience);
    if (reply.kind !== 'online') {
      return false;
    }
    const { id } = reply.status;
    return id === undefined || (id !== self.id && !list.peek(id));
  }
}
