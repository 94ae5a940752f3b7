import { messageOf } from '../../../errors/error-text.js';
import type { PeerSeed } from '../../../options/peer-list.js';
import type { PeerSource } from '../../../options/peer-sources.js';
import type { PeerAddress } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import { shuffle } from '../environment.js';
import { MAX_ADDRESSES_PER_NAME } from '../options/membership.options.js';

/** Ms between two warnings about one source: of another obstacle, and of the same. */
const WARN_EVERY = 10_000;
const REPEAT_EVERY = 10 * 60_000;

/** Gives the seeds that are not known at the start. */
export type SeedSource = PeerSource<PeerAddress>;

/** What is known of one source. */
interface Known {
  /** What it said the last time that it said something. */
  seeds: readonly PeerAddress[];
  /** Why it says nothing now; undefined: it does. */
  obstacle?: string;
  /** While it is being asked. */
  asking?: Promise<void>;
  warnedAt: number;
  warnedOf?: string;
}

/** Asks sources for seeds. What they say are hints: a source that fails changes nothing. */
export class SeedSources {
  readonly #known = new WeakMap<SeedSource, Known>();
  /** One for each time that somebody waits for a source. */
  readonly #waits = new Set<AbortController>();

  readonly #ctx: CoreContext;

  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
  }

  /** What it says now, or said before if it fails. Takes `joinTimeout` at most, and never rejects. */
  async ask(source: SeedSource): Promise<readonly PeerAddress[]> {
    const known = this.of(source);
    const { clock } = this.#ctx.env;
    const { joinTimeout } = this.#ctx.options;
    const wait = new AbortController();
    const { signal } = wait;
    this.#waits.add(wait);
    const timer = clock.setTimeout(() => {
      this.#fails(source, known, `no answer within ${joinTimeout} ms`);
      wait.abort();
    }, joinTimeout);
    known.asking ??= this.#take(source, known, signal).finally(() => {
      known.asking = undefined;
    });
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([known.asking, aborted]);
    clock.clearTimeout(timer);
    this.#waits.delete(wait);
    return known.seeds;
  }

  /** What is known of it. */
  of(source: SeedSource): Known {
    const known = this.#known.get(source) ?? { seeds: [], warnedAt: -Infinity };
    this.#known.set(source, known);
    return known;
  }

  /** Nobody waits for sources that are being asked any more. */
  giveUp(): void {
    this.#waits.forEach((wait) => wait.abort());
  }

  async #take(
    source: SeedSource,
    known: Known,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const seeds = await source.seeds(signal);
      known.seeds = shuffle([...seeds], this.#ctx.env.random).slice(
        0,
        MAX_ADDRESSES_PER_NAME,
      );
      known.obstacle = seeds.length > 0 ? undefined : 'it names nobody';
    } catch (error) {
      if (!signal.aborted) {
        this.#fails(source, known, messageOf(error));
      }
    }
  }

  #fails({ name }: SeedSource, known: Known, obstacle: string): void {
    known.obstacle = obstacle;
    const now = this.#ctx.env.clock.monotonic();
    const isNew = obstacle !== known.warnedOf;
    if (now - known.warnedAt < (isNew ? WARN_EVERY : REPEAT_EVERY)) {
      return;
    }
    known.warnedAt = now;
    known.warnedOf = obstacle;
    const { length } = known.seeds;
    const before = length > 0 ? `; the ${length} known before still count` : '';
    this.#ctx.env.logger.warn(`No seeds of ${name}: ${obstacle}${before}`);
  }
}

/** True for a source, which is asked for seeds; false for a seed itself. */
export function isSource(seed: PeerSeed): seed is SeedSource {
  return 'seeds' in seed;
}
