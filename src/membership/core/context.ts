import type { CoreEvents } from './core-events.js';
import type { MemberList, SelfRecord } from './member-list/index.js';
import type { MembershipEnvironment } from './membership.types.js';
import type { ResolvedMembershipOptions } from './options/membership.options.js';
import type { PeerCalls } from './peer-calls.js';

/** What every part of the core works with. */
export interface CoreContext {
  readonly env: MembershipEnvironment;
  readonly options: ResolvedMembershipOptions;
  readonly events: CoreEvents;
  readonly self: SelfRecord;
  readonly list: MemberList;
  readonly calls: PeerCalls;
  readonly life: CoreLife;
}

/** In which part of its life this peer is. */
export class CoreLife {
  #started = false;
  #resolveStart!: () => void;
  readonly #start = new Promise<void>((resolve) => {
    this.#resolveStart = resolve;
  });
  /** From the moment on in which this peer begins to leave. */
  leaving = false;
  stopped = false;

  get started(): boolean {
    return this.#started;
  }

  /** Resolves when this peer listens, or never will. */
  whenStarted(): Promise<void> {
    return this.#start;
  }

  start(): void {
    this.#started = true;
    this.#resolveStart();
  }

  stop(): void {
    this.stopped = true;
    this.#resolveStart();
  }

  /** True while this peer takes part: updates are spread, members are checked. */
  get active(): boolean {
    return !this.leaving && !this.stopped;
  }
}

/** Resolves after `ms`; the timer of a stopped core may never fire. */
export function sleep(
  { env }: Pick<CoreContext, 'env'>,
  ms: number,
): Promise<void> {
  return new Promise((resolve) => {
    env.clock.setTimeout(resolve, ms);
  });
}
