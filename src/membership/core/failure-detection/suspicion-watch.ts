import type { TimerHandle } from '../clock.js';
import type { CoreContext } from '../core-context.js';
import type { MemberRecord } from '../member-list/member-record.js';
import { lastCheckSpread, minSuspicion, Suspicion } from './suspicion.js';

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
export class SuspicionWatch {
  /** Called when a member's time is up. */
  onExpired: (id: string, suspicion: Suspicion) => void = () => {};
  /** Called when a timer came so much too late, in ms. */
  onLate: (ms: number) => void = () => {};
  readonly #watched = new Map<string, WatchedSuspicion>();

  readonly #ctx: CoreContext;

  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
  }

  get(id: string): Suspicion | undefined {
    return this.#watched.get(id)?.suspicion;
  }

  start(member: MemberRecord, accuser: string, teller = accuser): void {
    const { options, list, env } = this.#ctx;
    const size = list.size + 1;
    const min = minSuspicion(size, options);
    const confirmations = options.suspicionConfirmations;
    const suspicion = new Suspicion(
      member.incarnation,
      env.clock.monotonic(),
      accuser,
      {
        min,
        max: min * options.suspicionMaxFactor,
        // Without enough others to confirm, waiting for them is useless.
        confirmations: size - 2 < confirmations ? 0 : confirmations,
        delay: env.random.next() * lastCheckSpread(size, options),
      },
      teller,
    );
    this.end(member.id);
    this.#watched.set(member.id, { suspicion, timer: undefined, due: 0 });
    this.arm(member.id);
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
      this.onLate(late);
    }
    // After a stall it has got more time, and another timer.
    if (watched.timer === undefined) {
      this.onExpired(id, watched.suspicion);
    }
  }
}
