/** What bounds a suspicion, in ms. */
export interface SuspicionTimes {
  /** With all confirmations. */
  readonly min: number;
  /** Without any. */
  readonly max: number;
  /** Confirmations that bring it down to `min`; 0: it starts there. */
  readonly confirmations: number;
  /** This peer's own part, by chance: what it waits longer than others, up to `max`. */
  readonly delay: number;
}

/** The doubt about one member: how long it lasts, and who shares it. */
export class Suspicion {
  /** True once the member was heard of on another way. */
  heard = false;
  readonly #accusers = new Set<string>();
  /** Who has told of an accuser besides itself. */
  readonly #relays = new Set<string>();
  #extension = 0;
  #limit = Infinity;

  readonly #times: SuspicionTimes;

  /**
   * @param incarnation of the member under suspicion
   * @param since monotonic ms
   */
  constructor(
    readonly incarnation: number,
    readonly since: number,
    accuser: string,
    times: SuspicionTimes,
    teller = accuser,
  ) {
    this.#times = times;
    this.#accusers.add(accuser);
    if (teller !== accuser) {
      this.#relays.add(teller);
    }
  }

  /** Accusers besides the first one. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  /**
   * Somebody suspects the member too.
   * @param teller who says so: of others it can say anything, so one of them counts
   * @returns true if that is new and still counts
   */
  confirm(accuser: string, teller = accuser): boolean {
    const isRelayed = teller !== accuser;
    if (
      this.confirmations >= this.#times.confirmations ||
      this.#accusers.has(accuser) ||
      (isRelayed && this.#relays.has(teller))
    ) {
      return false;
    }
    this.#accusers.add(accuser);
    if (isRelayed) {
      this.#relays.add(teller);
    }
    return true;
  }

  /** There is other evidence: it need not last longer than this. */
  shorten(ms: number): void {
    this.#limit = Math.min(this.#limit, ms);
  }

  /** Ms without the other evidence's help: as short as a suspicion gets by confirmations alone. */
  get shortest(): number {
    return this.#times.min;
  }

  /** This peer was stalled for so long: the member could not contradict meanwhile. */
  extend(ms: number): void {
    this.#extension += ms;
  }

  /** Monotonic ms at which the member counts as dead. */
  get deadline(): number {
    const { min, max, delay } = this.#times;
    const duration = Math.min(this.#shared() + delay, Math.max(min, max));
    return this.since + Math.min(duration, this.#limit) + this.#extension;
  }

  /** From `max` to `min` with the logarithm of the confirmations (Lifeguard, dynamic suspicion). */
  #shared(): number {
    const { min, max, confirmations } = this.#times;
    if (confirmations < 1 || max <= min) {
      return min;
    }
    const part = Math.log(this.confirmations + 1) / Math.log(confirmations + 1);
    return Math.max(min, max - part * (max - min));
  }
}

/** Shortest suspicion in a cloud of `size` peers, in ms. */
export function minSuspicion(
  size: number,
  options: { suspicionMultiplier: number; probeInterval: number },
): number {
  return (
    options.suspicionMultiplier *
    Math.max(1, Math.log10(Math.max(1, size))) *
    options.probeInterval
  );
}

/**
 * Longest delay of one peer's last check, in ms. All members of a large cloud that make theirs at the same
 * moment are as many checks of one suspect; after a delay by chance, most have heard how it ended. None up
 * to ten peers, and more with the logarithm of the size, as news takes longer.
 */
export function lastCheckSpread(
  size: number,
  options: { suspicionMultiplier: number; probeInterval: number },
): number {
  return minSuspicion(size, options) - minSuspicion(1, options);
}
