import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  MessageError,
  type MessageFailureNotice,
  type MessageNotice,
  type RefusedRequest,
} from '../../index.js';
import type { Rates } from './console.types.js';

/** Seconds over which rates are averaged. */
const WINDOW = 10;

/** Most kinds of failures and of refusals that are counted by name. */
const MAX_KINDS = 50;

/** Counts the messages of one peer by the diagnostics channels. */
export class MessageMeter {
  readonly #sent = new Rate();
  readonly #received = new Rate();
  readonly #failures = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  readonly #self: () => string;

  /** @param self id of the peer whose messages count: a process can have several */
  constructor(self: () => string) {
    this.#self = self;
  }

  start(): void {
    for (const [name, listener] of this.#listeners) {
      subscribe(name, listener);
    }
  }

  stop(): void {
    for (const [name, listener] of this.#listeners) {
      unsubscribe(name, listener);
    }
  }

  read(): Rates {
    return {
      sent: this.#sent.perSecond(),
      received: this.#received.perSecond(),
      failures: Object.fromEntries(this.#failures),
      refusals: Object.fromEntries(this.#refusals),
    };
  }

  readonly #listeners: [string, (message: unknown) => void][] = [
    ['peercloud:message.sent', this.#ours(() => this.#sent.add())],
    ['peercloud:message.received', this.#ours(() => this.#received.add())],
    [
      'peercloud:message.failed',
      this.#ours(({ error }) => {
        const code = error instanceof MessageError ? error.code : 'UNKNOWN';
        count(this.#failures, code);
      }),
    ],
    [
      'peercloud:request.refused',
      (refused) => count(this.#refusals, (refused as RefusedRequest).reason),
    ],
  ];

  #ours(
    listener: (notice: MessageFailureNotice) => void,
  ): (message: unknown) => void {
    return (message) => {
      const notice = message as MessageNotice;
      if (notice.self === this.#self()) {
        listener(notice as MessageFailureNotice);
      }
    };
  }
}

function count(counts: Map<string, number>, kind: string): void {
  const name =
    counts.has(kind) || counts.size < MAX_KINDS ? kind : 'other reasons';
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often something happens, over the last whole seconds. */
class Rate {
  readonly #counts = Array.from({ length: WINDOW + 1 }, () => 0);
  #second = 0;

  add(): void {
    this.#advance();
    this.#counts[this.#second % this.#counts.length]!++;
  }

  /** The second that is under way does not count yet. */
  perSecond(): number {
    this.#advance();
    const now = this.#second % this.#counts.length;
    const past = this.#counts.filter((_count, at) => at !== now);
    return past.reduce((sum, each) => sum + each, 0) / WINDOW;
  }

  /** Clears the seconds that have begun since. */
  #advance(): void {
    const now = Math.floor(performance.now() / 1000);
    const from = Math.max(this.#second + 1, now - this.#counts.length + 1);
    for (let second = from; second <= now; second++) {
      this.#counts[second % this.#counts.length] = 0;
    }
    this.#second = now;
  }
}
