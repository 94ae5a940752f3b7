import type { PeerAddress } from '../../wire/peer-info.js';
import type { JoinRequest } from '../../wire/requests.js';
import { formatAddress, normalizeIp } from '../../wire/address.js';
import { sleep, type CoreContext } from './core-context.js';
import type { JoinCall, JoinOutcome } from './join-call.js';
import { MAX_ADDRESSES_PER_NAME } from './membership.limits.js';
import { shuffle } from './random.js';

/** Longest that known peers are waited for, in join timeouts. */
const MAX_PATIENCE = 4;

/** Gets this peer into a cloud: the known peers in random order, one join at a time (PROTOCOL.md, section 3). */
export class Joiner {
  #lock: Promise<unknown> = Promise.resolve();
  #running = 0;
  #attempts = 0;
  /** Addresses at which this peer met itself. */
  readonly #own = new Set<string>();
  #metMyself = false;
  #endFirstRound!: () => void;
  readonly #firstRound = new Promise<void>((resolve) => {
    this.#endFirstRound = resolve;
  });

  constructor(
    private readonly ctx: CoreContext,
    private readonly joinCall: JoinCall,
  ) {}

  /** True while a join is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Resolves when no join is under way any more. */
  whenIdle(): Promise<unknown> {
    return this.#lock;
  }

  /** Resolves when the known peers have been tried once. */
  whenJoined(): Promise<void> {
    return this.#firstRound;
  }

  /** A join with this peer's own id has arrived: if it is its own, it has met itself. */
  receivedOwnId(request: JoinRequest): void {
    if (this.isBusy && request.incarnation === this.ctx.self.incarnation)
      this.#metMyself = true;
  }

  /** Joins in the background: at once, and again until somebody answers. */
  async run(): Promise<void> {
    const { options, life, list } = this.ctx;
    const seeded = options.seeds.length > 0;
    let joined = seeded && (await this.join(options.seeds));
    this.#endFirstRound();
    let wait = options.joinRetryMin;
    let patience = 1;
    while (seeded && !joined && list.size === 0 && life.active) {
      await sleep(this.ctx, wait * (0.5 + this.ctx.env.random.next()));
      if (!life.active || list.size > 0) return;
      // Whoever is too busy to answer has more work with each new try.
      patience = Math.min(patience * 2, MAX_PATIENCE);
      joined = await this.join(options.seeds, patience);
      wait = Math.min(wait * 2, options.joinRetryMax);
    }
  }

  stop(): void {
    this.#endFirstRound();
  }

  /**
   * One round over known peers. True as soon as one of them has let this peer in.
   * @param patience how many times the usual each of them may take
   */
  join(seeds: readonly PeerAddress[], patience = 1): Promise<boolean> {
    return this.#locked(async () => {
      const { random } = this.ctx.env;
      for (const seed of shuffle([...seeds], random)) {
        for (const address of shuffle(await this.addressesOf(seed), random)) {
          if (!this.ctx.life.active) return false;
          const outcome = await this.#attempt(address, patience);
          if (outcome === 'joined') return true;
        }
      }
      return false;
    });
  }

  /** Joins through one address, whatever the state of the list. */
  joinAt(address: PeerAddress): Promise<boolean> {
    return this.#locked(
      async () => (await this.#attempt(address)) === 'joined',
    );
  }

  /**
   * Joins through the first of these members that lets this peer in. The next one is asked when the one
   * before has refused, or has not answered after `hedge` ms.
   */
  joinAny(members: readonly PeerAddress[], hedge: number): Promise<boolean> {
    return this.#locked(async () => {
      let joined = false;
      const attempts: Promise<void>[] = [];
      for (const member of members) {
        if (joined || !this.ctx.life.active) break;
        const attempt = this.#attempt(member).then((outcome) => {
          joined ||= outcome === 'joined';
        });
        attempts.push(attempt);
        await Promise.race([attempt, sleep(this.ctx, hedge)]);
      }
      await Promise.all(attempts);
      return joined;
    });
  }

  /** Every address behind a known peer's name, resolved anew, without this peer's own. */
  async addressesOf(seed: PeerAddress): Promise<PeerAddress[]> {
    const literal = normalizeIp(seed.ip);
    const ips = literal ? [literal] : await this.#resolve(seed.ip);
    const { record, hasAddress } = this.ctx.self;
    return ips
      .slice(0, MAX_ADDRESSES_PER_NAME)
      .map((ip) => ({ ...seed, ip }))
      .filter((address) => {
        const text = formatAddress(address);
        return !this.#own.has(text) && !(hasAddress && text === record.address);
      });
  }

  async #resolve(host: string): Promise<string[]> {
    try {
      return await this.ctx.env.resolve(host);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.ctx.env.logger.debug(
        `The known peer ${host} cannot be resolved: ${reason}`,
      );
      return [];
    }
  }

  async #attempt(address: PeerAddress, patience = 1): Promise<JoinOutcome> {
    // Each attempt under an incarnation of its own, so that the address that one receiver infers
    // cannot stand against the one that another infers. One that has members may count as gone there.
    const { self, list } = this.ctx;
    if (this.#attempts++ > 0 || list.size > 0) self.raise();
    this.#metMyself = false;
    const outcome = await this.joinCall.send(address, patience);
    if (outcome === 'refused' && this.#metMyself) {
      this.#own.add(formatAddress(address));
      this.ctx.env.logger.debug(
        `${formatAddress(address)} is this peer itself`,
      );
      return 'self';
    }
    return outcome;
  }

  async #locked<T>(task: () => Promise<T>): Promise<T> {
    this.#running++;
    const run = this.#lock.then(task).finally(() => this.#running--);
    this.#lock = run.catch(() => undefined);
    return run;
  }
}
