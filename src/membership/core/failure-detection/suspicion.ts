import type { TimerHandle } from '../environment.js';
import type { CoreContext } from '../context.js';

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

/** The suspicion of one member: how long it lasts, and who shares it. */
export class Suspicion {
  /** True once the member answered on another way. */
  heard = false;
  readonly #suspectors = new Set<string>();
  /** Members that have named a suspector besides themselves. */
  readonly #relays = new Set<string>();
  #extension = 0;
  #limit = Infinity;

  readonly #times: SuspicionTimes;

  /**
   * @param since monotonic ms
   * @param by the member that suspects first
   * @param from the member that said so
   */
  constructor(
    readonly since: number,
    by: string,
    times: SuspicionTimes,
    from = by,
  ) {
    this.#times = times;
    this.#suspectors.add(by);
    if (from !== by) {
      this.#relays.add(from);
    }
  }

  /** Members that suspect it, besides the first one. */
  get confirmations(): number {
    return this.#suspectors.size - 1;
  }

  /**
   * Another member suspects it too.
   * @param from the member that says so: of others it can say anything, so one of them counts
   * @returns true if that is new and still counts
   */
  confirm(by: string, from = by): boolean {
    const isRelayed = from !== by;
    if (
      this.confirmations >= this.#times.confirmations ||
      this.#suspectors.has(by) ||
      (isRelayed && this.#relays.has(from))
    ) {
      return false;
    }
    this.#suspectors.add(by);
    if (isRelayed) {
      this.#relays.add(from);
    }
    return true;
  }

  /** There is other evidence: the suspicion need not last longer than this. */
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

interface WatchedSuspicion {
  readonly suspicion: Suspicion;
  /** Undefined while none runs. */
  timer: TimerHandle;
  /** Monotonic ms at which the timer ends. */
  due: number;
}

/** Lateness of a timer, in ms, from which on this peer must have been stalled. */
const STALL = 1000;

/** The suspicions that run, each with its timer. */
export class Suspicions {
  readonly #watched = new Map<string, WatchedSuspicion>();

  readonly #ctx: CoreContext;
  readonly #expired: (id: string, suspicion: Suspicion) => void;

  /** @param expired called when a suspect's time is up */
  constructor(
    ctx: CoreContext,
    expired: (id: string, suspicion: Suspicion) => void,
  ) {
    this.#ctx = ctx;
    this.#expired = expired;
  }

  get(id: string): Suspicion | undefined {
    return this.#watched.get(id)?.suspicion;
  }

  /**
   * @param by the member that suspects
   * @param from the member that said so
   */
  start(id: string, by: string, from = by): void {
    const { options, list, env } = this.#ctx;
    const size = list.size + 1;
    const min = minSuspicion(size, options);
    const confirmations = options.suspicionConfirmations;
    const suspicion = new Suspicion(
      env.clock.monotonic(),
      by,
      {
        min,
        max: min * options.suspicionMaxFactor,
        // Without enough others to confirm, waiting for them is useless.
        confirmations: size - 2 < confirmations ? 0 : confirmations,
        delay: env.random.next() * lastCheckSpread(size, options),
      },
      from,
    );
    this.end(id);
    this.#watched.set(id, { suspicion, timer: undefined, due: 0 });
    this.arm(id);
  }

  end(id: string): void {
    this.#ctx.env.clock.clearTimeout(this.#watched.get(id)?.timer);
    this.#watched.delete(id);
  }

  /** Sets the timer to the deadline as it is now. */
  arm(id: string): void {
    const watched = this.#watched.get(id);
    if (!watched) {
      return;
    }
    const { clock } = this.#ctx.env;
    clock.clearTimeout(watched.timer);
    // Others may have brought the deadline forward, into the past.
    const now = clock.monotonic();
    watched.due = Math.max(now, watched.suspicion.deadline);
    const wait = watched.due - now;
    watched.timer = clock.setTimeout(() => this.#due(id, watched), wait);
  }

  /** This peer was stalled for so long: nobody could contradict meanwhile. */
  extendAll(ms: number): void {
    for (const [id, { suspicion }] of this.#watched) {
      suspicion.extend(ms);
      this.arm(id);
    }
  }

  stop(): void {
    for (const id of this.#watched.keys()) {
      this.end(id);
    }
  }

  #due(id: string, watched: WatchedSuspicion): void {
    watched.timer = undefined;
    const late = this.#ctx.env.clock.monotonic() - watched.due;
    if (late > STALL) {
      this.#ctx.events.emit('process.late', late);
    }
    // After a stall the suspect has got more time, and another timer.
    if (watched.timer === undefined) {
      this.#expired(id, watched.suspicion);
    }
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
 * to ten peers, and more with the logarithm of the size, as updates take longer.
 */
export function lastCheckSpread(
  size: number,
  options: { suspicionMultiplier: number; probeInterval: number },
): number {
  return minSuspicion(size, options) - minSuspicion(1, options);
}
