import type { FenceLease, FenceRequest } from './cloud-fence.interface.js';
import { FenceError } from './fence.error.js';
import {
  lostInTime,
  lostTo,
  noAnswer,
  occurrenceHad,
  unreachable,
  wrongOccurrence,
  wrongTtl,
} from './fence.messages.js';

/** Ms; below that, a pause for garbage collection would lose the lease. */
const LEAST_TTL = 100;
/** Parts of the ttl. What is left after the last is for the holder to stop, and for clocks that run unevenly. */
const RENEW_AFTER = 1 / 3;
const RENEW_AGAIN_AFTER = 1 / 10;
const ANSWER_WITHIN = 1 / 3;
const LOST_AFTER = 4 / 5;

/** So many occurrences of a name are kept by an engine, the highest ones. */
export const KEPT_OCCURRENCES = 64;

/** A lease as an engine gave it: what is said to the engine from then on. */
export interface EngineLease {
  token: bigint;
  /** Another `ttl` from now; false if the lease is not ours any more. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Asks an engine for a lease, and renews it until it is released or lost.
 * All times are this process's monotonic clock, from before a request was sent: an engine's clock has
 * counted less since then.
 *
 * @param take asks the engine; undefined if somebody else has the name, `had` if it had this occurrence
 */
export async function holdLease(
  name: string,
  { ttl, occurrence, signal }: FenceRequest,
  take: () => Promise<EngineLease | 'had' | undefined>,
): Promise<FenceLease | undefined> {
  if (!Number.isFinite(ttl) || ttl < LEAST_TTL) {
    throw new FenceError('FENCE_MISUSED', wrongTtl(ttl, LEAST_TTL));
  }
  if (
    occurrence !== undefined &&
    !(Number.isSafeInteger(occurrence) && occurrence >= 0)
  ) {
    throw new FenceError('FENCE_MISUSED', wrongOccurrence(occurrence));
  }
  signal?.throwIfAborted();
  const sentAt = performance.now();
  const taken = take();
  try {
    const lease = await answered(taken, ttl * ANSWER_WITHIN, signal);
    if (lease === 'had') {
      throw new FenceError('OCCURRENCE_HAD', occurrenceHad(name, occurrence!));
    }
    return lease && new HeldLease(name, ttl, lease, sentAt);
  } catch (error) {
    // Nobody would know of a lease that arrives from here on.
    taken
      .then((lease) => (lease === 'had' ? undefined : lease?.release()))
      .catch(() => undefined);
    throw error instanceof FenceError || signal?.aborted
      ? error
      : new FenceError('FENCE_UNREACHABLE', unreachable(name, error), {
          cause: error,
        });
  }
}

class HeldLease implements FenceLease {
  readonly token: bigint;

  readonly #name: string;
  readonly #ttl: number;
  readonly #lease: EngineLease;
  readonly #lost = new AbortController();
  #deadline: NodeJS.Timeout;
  #renewal: NodeJS.Timeout;
  #ended = false;
  #released = false;

  constructor(name: string, ttl: number, lease: EngineLease, sentAt: number) {
    this.#name = name;
    this.#ttl = ttl;
    this.#lease = lease;
    this.token = lease.token;
    this.#deadline = this.#loseAt(sentAt);
    this.#renewal = this.#renewIn(RENEW_AFTER);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    if (this.#released) {
      return;
    }
    this.#released = true;
    this.#end();
    try {
      await answered(this.#lease.release(), this.#ttl * ANSWER_WITHIN);
    } catch (error) {
      throw new FenceError(
        'FENCE_UNREACHABLE',
        unreachable(this.#name, error),
        { cause: error },
      );
    }
  }

  #loseAt(sentAt: number): NodeJS.Timeout {
    const left = sentAt + this.#ttl * LOST_AFTER - performance.now();
    return setTimeout(
      () => this.#lose(lostInTime(this.#name)),
      Math.max(left, 0),
    ).unref();
  }

  #renewIn(part: number): NodeJS.Timeout {
    return setTimeout(() => void this.#renew(), this.#ttl * part).unref();
  }

  async #renew(): Promise<void> {
    const sentAt = performance.now();
    let isOurs: boolean;
    try {
      isOurs = await answered(this.#lease.renew(), this.#ttl * ANSWER_WITHIN);
    } catch {
      if (!this.#ended) {
        this.#renewal = this.#renewIn(RENEW_AGAIN_AFTER);
      }
      return;
    }
    if (this.#ended) {
      return;
    }
    if (!isOurs) {
      this.#lose(lostTo(this.#name));
      return;
    }
    clearTimeout(this.#deadline);
    this.#deadline = this.#loseAt(sentAt);
    this.#renewal = this.#renewIn(RENEW_AFTER);
  }

  #lose(why: string): void {
    this.#end();
    this.#lost.abort(new FenceError('LEASE_LOST', why));
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#renewal);
  }
}

/** An engine's answer, or an error once it took too long or the caller gave up. */
async function answered<T>(
  answer: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const cleanUp: (() => void)[] = [];
  const abandoned = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(noAnswer(ms))), ms);
    const giveUp = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', giveUp);
    cleanUp.push(
      () => clearTimeout(timer),
      () => signal?.removeEventListener('abort', giveUp),
    );
  });
  try {
    return await Promise.race([answer, abandoned]);
  } finally {
    cleanUp.forEach((step) => step());
  }
}
