import type { TimerHandle } from '../environment.js';
import type { CoreContext } from '../context.js';
import type { LocalHealth } from './local-health.js';

/** Probe intervals in which a request of another peer must have come, so that this one counts as reached. */
const RECENTLY = 2;

/** Probe intervals without such a request after which a suspicion is worth a warning. */
const TOO_LONG = 5;

/**
 * Contradicts what others believe of this peer, under a higher incarnation, as long as they reach it. Where
 * only its own calls get through (a firewall, a network policy), it hears from the answers that it is
 * suspected, and its word would keep a member on the lists that nobody can call.
 */
export class Refutation {
  #reachedAt: number;
  /** The highest incarnation that is suspected, while nobody reaches this peer. */
  #pending: number | undefined;
  #timer: TimerHandle;

  readonly #ctx: CoreContext;
  readonly #health: LocalHealth;

  constructor(ctx: CoreContext, health: LocalHealth) {
    this.#ctx = ctx;
    this.#health = health;
    this.#reachedAt = ctx.env.clock.monotonic();
  }

  /** Others believe that this peer is suspected or gone, or newer than it is; `ip` is where they found it. */
  claimed(incarnation: number, isSuspected: boolean, ip?: string): void {
    const { self } = this.#ctx;
    if (!self.hasAddress && ip !== undefined) {
      self.adopt(self.id, ip);
    }
    if (!isSuspected) {
      if (incarnation > self.incarnation) {
        this.#raise(incarnation);
      }
    } else if (incarnation >= self.incarnation) {
      if (this.#isReached) {
        this.#refute(incarnation);
      } else {
        this.#wait(incarnation);
      }
    }
  }

  /** A request of another peer has arrived. */
  reached(): void {
    this.#reachedAt = this.#ctx.env.clock.monotonic();
    const pending = this.#pending;
    if (pending !== undefined) {
      this.stop();
      if (pending >= this.#ctx.self.incarnation) {
        this.#refute(pending);
      }
    }
  }

  stop(): void {
    this.#pending = undefined;
    this.#ctx.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #isReached(): boolean {
    const { env, options } = this.#ctx;
    const rest = env.clock.monotonic() - this.#reachedAt;
    return rest <= options.probeInterval * RECENTLY;
  }

  #refute(incarnation: number): void {
    if (this.#raise(incarnation)) {
      this.#health.note(1);
    }
  }

  #raise(incarnation: number): boolean {
    const { self, life, events } = this.#ctx;
    if (!life.active || !self.raise(incarnation)) {
      return false;
    }
    events.emit('self.refuted');
    return true;
  }

  #wait(incarnation: number): void {
    const { env, options, self } = this.#ctx;
    const isFirst = this.#pending === undefined;
    this.#pending = Math.max(this.#pending ?? 0, incarnation);
    if (!isFirst) {
      return;
    }
    this.#timer = env.clock.setTimeout(() => {
      const { ip, port } = self.record;
      env.logger.warn(
        `Others suspect this peer, and nothing that they send arrives here: see what keeps connections from ${ip}:${port} (a firewall, a network policy, NAT)`,
      );
    }, options.probeInterval * TOO_LONG);
  }
}
