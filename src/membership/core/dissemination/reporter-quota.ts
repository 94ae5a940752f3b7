import type { Clock } from '../clock.js';
import { MAX_REPORTERS } from '../options/membership.limits.js';

/** Ms in which a used-up quota is whole again. */
const PERIOD = 60_000;

interface Account {
  left: number;
  since: number;
}

/** How often each other member may say something of third ones: a bucket that fills again with time. */
export class ReporterQuota {
  /** In order of last use. */
  readonly #accounts = new Map<string, Account>();

  readonly #quota: number;
  readonly #clock: Clock;

  /** @param quota what one reporter may say within a minute */
  constructor(quota: number, clock: Clock) {
    this.#quota = quota;
    this.#clock = clock;
  }

  /** Takes one from the reporter's quota; false if there is none left. */
  take(reporter: string): boolean {
    const now = this.#clock.monotonic();
    const account = this.#accounts.get(reporter) ?? {
      left: this.#quota,
      since: now,
    };
    const gained = ((now - account.since) / PERIOD) * this.#quota;
    account.left = Math.min(this.#quota, account.left + gained);
    account.since = now;
    this.#accounts.delete(reporter);
    this.#accounts.set(reporter, account);
    this.#shrink();
    if (account.left < 1) {
      return false;
    }
    account.left--;
    return true;
  }

  #shrink(): void {
    if (this.#accounts.size <= MAX_REPORTERS) {
      return;
    }
    const oldest = this.#accounts.keys().next().value;
    if (oldest !== undefined) {
      this.#accounts.delete(oldest);
    }
  }
}
