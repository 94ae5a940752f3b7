import { messageOf } from '../../../errors/error-text.js';
import type { PeerSeed } from '../../../options/peer-list.js';
import { BoundedMap } from '../../../util/bounded-map.js';
import { formatAddress, normalizeIp } from '../../../wire/address.js';
import type { PeerAddress } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import { MAX_ADDRESSES_PER_NAME } from '../options/membership.options.js';
import { shuffle, type TimerHandle } from '../environment.js';
import type { StatusCaller } from '../status/index.js';
import { isSource, SeedSources } from './seed-sources.js';

/** Ms without an answer after which more addresses are asked (RFC 8305, section 5). */
const STAGGER = 250;

/** How many times as many are asked each time: a few hundred stale ones are through within two seconds. */
const GROWTH = 2;

/** Addresses of which it is known why they failed the last time, and names of which the addresses are known. */
const MAX_REMEMBERED = 1024;

/** Obstacles that one seed is reported with, where it has several addresses. */
const MAX_OBSTACLES = 3;

/** The addresses of seeds: what is behind their names and sources, and how they did the last time. */
export class SeedAddresses {
  readonly #sources: SeedSources;
  /** Addresses at which this peer met itself. */
  readonly #own = new Set<string>();
  /** What stood in the way the last time; undefined where nothing did. */
  readonly #obstacles = new BoundedMap<string, string | undefined>(
    MAX_REMEMBERED,
  );
  readonly #behind = new BoundedMap<string, readonly PeerAddress[]>(
    MAX_REMEMBERED,
  );

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;

  constructor(ctx: CoreContext, caller: StatusCaller) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#sources = new SeedSources(ctx);
  }

  /** The seeds that a source names now; a seed itself. */
  async named(seed: PeerSeed): Promise<readonly PeerAddress[]> {
    return isSource(seed) ? this.#sources.ask(seed) : [seed];
  }

  /** Nobody waits for sources any more. */
  giveUp(): void {
    this.#sources.giveUp();
  }

  /** Every address behind a seed's name, resolved anew and in an order by chance, without this peer's own. */
  async of(seed: PeerAddress): Promise<PeerAddress[]> {
    const literal = normalizeIp(seed.ip);
    const ips = literal ? [literal] : await this.#resolve(seed);
    const { record, hasAddress } = this.#ctx.self;
    const addresses = shuffle([...ips], this.#ctx.env.random)
      .slice(0, MAX_ADDRESSES_PER_NAME)
      .map((ip) => ({ ...seed, ip }))
      .filter((address) => {
        const text = formatAddress(address);
        return !this.#own.has(text) && !(hasAddress && text === record.address);
      });
    this.#behind.set(formatAddress(seed), addresses);
    return addresses;
  }

  /** This peer itself answers there: it is no seed. */
  markOwn(address: PeerAddress): void {
    this.#own.add(formatAddress(address));
  }

  /**
   * One that failed is tried after the others the next time.
   * @param obstacle what stood in the way, where something did
   * @returns true if that was not so the last time
   */
  note(address: PeerAddress, obstacle: string | undefined): boolean {
    const text = formatAddress(address);
    const isNew = this.#obstacles.get(text) !== obstacle;
    this.#obstacles.set(text, obstacle);
    return isNew;
  }

  /** What stood in the way of seeds the last time, in words: nothing for this peer itself. */
  obstacles(seeds: readonly PeerSeed[]): string[] {
    return seeds.flatMap((seed) => {
      if (!isSource(seed)) {
        return this.#obstaclesOf(seed);
      }
      const { obstacle, seeds: named } = this.#sources.of(seed);
      const own = obstacle === undefined ? [] : [`${seed.name}: ${obstacle}`];
      const others = named.flatMap((each) => this.#obstaclesOf(each));
      return [...own, ...others].slice(0, MAX_OBSTACLES);
    });
  }

  /** One round over seeds, in an order by chance, those of sources last. `stop()` it in the end. */
  round(seeds: readonly PeerSeed[]): SeedRound {
    const { random } = this.#ctx.env;
    const order = [
      ...shuffle(
        seeds.filter((seed) => !isSource(seed)),
        random,
      ),
      ...shuffle(seeds.filter(isSource), random),
    ];
    return new SeedRound(this.#ctx, this, order, (address) =>
      this.#answers(address),
    );
  }

  hasFailed(address: PeerAddress): boolean {
    return this.#obstacleOf(address) !== undefined;
  }

  async #answers(address: PeerAddress): Promise<boolean> {
    const { options, self } = this.#ctx;
    const reply = await this.#caller.askAddress(
      address,
      options.requestTimeout,
    );
    if (reply.status?.id === self.id) {
      this.markOwn(address);
      return false;
    }
    const answers = reply.kind === 'online' || reply.kind === 'busy';
    this.note(address, answers ? undefined : (reply.why ?? 'it is leaving'));
    return answers;
  }

  async #resolve(seed: PeerAddress): Promise<string[]> {
    try {
      const ips = await this.#ctx.env.resolve(seed.ip);
      this.note(seed, ips.length > 0 ? undefined : 'no address has this name');
      return ips;
    } catch (error) {
      this.note(seed, `the name is not found: ${messageOf(error)}`);
      return [];
    }
  }

  #obstaclesOf(seed: PeerAddress): string[] {
    const text = formatAddress(seed);
    const reasons = normalizeIp(seed.ip)
      ? [this.#obstacleOf(seed)]
      : [this.#obstacles.get(text), ...this.#obstaclesBehind(text)];
    return reasons
      .filter((reason) => reason !== undefined)
      .slice(0, MAX_OBSTACLES)
      .map((reason) => `${text}: ${reason}`);
  }

  #obstacleOf(address: PeerAddress): string | undefined {
    const text = formatAddress(address);
    return this.#own.has(text) ? undefined : this.#obstacles.get(text);
  }

  /** What stands in the way of the addresses behind a name: for many of them mostly the same. */
  #obstaclesBehind(name: string): string[] {
    const addresses = new Map<string, string[]>();
    for (const address of this.#behind.get(name) ?? []) {
      const reason = this.#obstacleOf(address);
      if (reason !== undefined) {
        const same = addresses.get(reason) ?? [];
        addresses.set(reason, [...same, formatAddress(address)]);
      }
    }
    return [...addresses].map(([reason, [first, ...others]]) => {
      const more = others.length > 0 ? ` and ${others.length} more` : '';
      return `${first}${more}: ${reason}`;
    });
  }
}

/**
 * Which address is tried next. While one does not answer, the others are asked, more of them each time, who
 * is there at all, as Happy Eyeballs does it: behind a name may be hundreds of addresses of peers that are
 * gone. The first that answers is tried next.
 */
export class SeedRound {
  /** Those that failed last time at the end. */
  readonly #untried: PeerAddress[] = [];
  readonly #answering: PeerAddress[] = [];
  #isResolving = true;
  /** Addresses that are being asked. */
  #asked = 0;
  #wave = 1;
  #timer: TimerHandle;
  #stopped = false;
  #onChange: () => void = () => {};

  readonly #ctx: CoreContext;
  readonly #addresses: SeedAddresses;
  readonly #answers: (address: PeerAddress) => Promise<boolean>;

  constructor(
    ctx: CoreContext,
    addresses: SeedAddresses,
    seeds: readonly PeerSeed[],
    answers: (address: PeerAddress) => Promise<boolean>,
  ) {
    this.#ctx = ctx;
    this.#addresses = addresses;
    this.#answers = answers;
    void this.#resolve(seeds);
  }

  /** The address to try now; undefined when there is none left. */
  async next(): Promise<PeerAddress | undefined> {
    for (;;) {
      const address =
        this.#answering.shift() ??
        (this.#asked === 0 ? this.#untried.shift() : undefined);
      if (address) {
        this.#arm();
        return address;
      }
      if (this.#stopped || (!this.#isResolving && this.#asked === 0)) {
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#ctx.env.clock.clearTimeout(this.#timer);
    this.#onChange();
  }

  /** One name after the other: each look-up takes a thread that the whole process shares. */
  async #resolve(seeds: readonly PeerSeed[]): Promise<void> {
    for (const seed of seeds) {
      for (const named of await this.#addresses.named(seed)) {
        if (this.#stopped) {
          return;
        }
        this.#add(await this.#addresses.of(named));
      }
    }
    this.#isResolving = false;
    this.#onChange();
  }

  #add(addresses: readonly PeerAddress[]): void {
    for (const address of addresses) {
      if (this.#addresses.hasFailed(address)) {
        this.#untried.push(address);
      } else {
        const at = this.#untried.findIndex((each) =>
          this.#addresses.hasFailed(each),
        );
        this.#untried.splice(at < 0 ? this.#untried.length : at, 0, address);
      }
    }
    this.#onChange();
  }

  /** Nothing has come of the last one: more of them are asked, unless something comes of it in time. */
  #arm(): void {
    const { clock } = this.#ctx.env;
    clock.clearTimeout(this.#timer);
    if (this.#stopped) {
      return;
    }
    this.#timer = clock.setTimeout(() => {
      this.#wave *= GROWTH;
      for (const address of this.#untried.splice(0, this.#wave)) {
        void this.#ask(address);
      }
      if (this.#untried.length > 0 || this.#isResolving) {
        this.#arm();
      }
    }, STAGGER);
  }

  async #ask(address: PeerAddress): Promise<void> {
    this.#asked++;
    if (await this.#answers(address)) {
      this.#answering.push(address);
    }
    this.#asked--;
    this.#onChange();
  }
}
