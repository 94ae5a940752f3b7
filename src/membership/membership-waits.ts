import { Inject, Injectable } from '@nestjs/common';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOCK,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { onAbort } from '../util/abort-listeners.js';
import type { Clock, MembershipCore } from './core/index.js';
import { tooFewMembers } from './membership.messages.js';

/** What ends a wait for the cloud. */
export interface WaitOptions {
  /** The promise rejects with the signal's reason when it fires. */
  signal?: AbortSignal | undefined;
}

/** Fewer members came in time than were waited for. */
export class TooFewMembersError extends PeerCloudError {
  override readonly name = 'TooFewMembersError';

  constructor(
    readonly wanted: number,
    /** Members by then, oneself included. */
    readonly members: number,
    timeout: number,
  ) {
    super('TOO_FEW_MEMBERS', tooFewMembers(wanted, members, timeout));
  }
}

/**
 * A quiet time, in `joinRetryMin`. A joining peer that finds nobody asks again after 0.5 to 1.5 of that,
 * and then after twice as long: a list that was quiet for this time has seen both.
 */
const QUIET_RETRIES = 6;

/** Quiet times after which a cloud that never rests counts as settled: in a large one somebody always comes or goes. */
const MAX_QUIET_TIMES = 10;

/** Promises about the list. */
@Injectable()
export class MembershipWaits {
  readonly #core: MembershipCore;
  readonly #clock: Clock;
  /** Ms without a change of the list. */
  readonly #quiet: number;
  #changedAt = 0;
  #joinedAt: number | undefined;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOCK) clock: Clock,
    @Inject(PEER_CLOUD_OPTIONS) { membership }: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#clock = clock;
    this.#quiet = membership.joinRetryMin * QUIET_RETRIES;
    core.onEvent(({ type }) => {
      if (type === 'peer.joined' || type === 'peer.left') {
        this.#changedAt = clock.monotonic();
      }
    });
  }

  /** See MembershipService. */
  whenMembers(
    count: number,
    { signal, timeout }: WaitOptions & { timeout?: number | undefined } = {},
  ): Promise<void> {
    const members = () => this.#core.members().length + 1;
    return cancellable(signal, (resolve, reject, atEnd) => {
      const check = () => {
        if (members() >= count) {
          resolve();
        }
      };
      check();
      atEnd(this.#core.onEvent(check));
      if (timeout !== undefined) {
        const expire = () =>
          reject(new TooFewMembersError(count, members(), timeout));
        atEnd(this.#timer(expire, timeout));
      }
    });
  }

  /** See MembershipService. */
  whenSettled({ signal }: WaitOptions = {}): Promise<void> {
    return cancellable(signal, (resolve, _reject, atEnd) => {
      let stop = () => {};
      atEnd(() => stop());
      const wait = () => {
        const ms = this.#restless();
        if (ms > 0) {
          stop = this.#timer(wait, ms);
        } else {
          resolve();
        }
      };
      void this.#core.whenJoined().then(wait);
    });
  }

  /** Ms until this peer counts as settled, if nobody comes or goes. */
  #restless(): number {
    const now = this.#clock.monotonic();
    this.#joinedAt ??= this.#changedAt = now;
    const last = this.#joinedAt + this.#quiet * MAX_QUIET_TIMES;
    return Math.min(this.#changedAt + this.#quiet, last) - now;
  }

  /** @returns what stops it */
  #timer(callback: () => void, ms: number): () => void {
    const timer = this.#clock.setTimeout(callback, ms);
    return () => this.#clock.clearTimeout(timer);
  }
}

/**
 * A promise that a signal ends.
 * @param start begins the wait; what it gives to `atEnd` is called when the wait is over in any way
 */
function cancellable(
  signal: AbortSignal | undefined,
  start: (
    resolve: () => void,
    reject: (error: Error) => void,
    atEnd: (undo: () => void) => void,
  ) => void,
): Promise<void> {
  const undo: (() => void)[] = [];
  return new Promise<void>((resolve, reject) => {
    signal?.throwIfAborted();
    if (signal) {
      undo.push(onAbort(signal, () => reject(signal.reason as Error)));
    }
    start(resolve, reject, (each) => undo.push(each));
  }).finally(() => undo.forEach((each) => each()));
}
