import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { JsonValue, MessageNotice } from '../../../../src/index.js';

/** What has been seen of one message. */
interface Entry {
  outcomes: string[];
  /** Notices of `peercloud:message.sent` and `.failed`. */
  sent: number;
  failed: number;
}

/** Keeps account of many messages to one peer: what each came to, exactly once. Their bodies are `{ n, … }`. */
export class Ledger {
  readonly #entries = new Map<number, Entry>();
  readonly #counts: Record<string, number> = {};
  #open = 0;

  readonly #peerId: string;

  constructor(peerId: string) {
    this.#peerId = peerId;
    subscribe('peercloud:message.sent', this.#onSent);
    subscribe('peercloud:message.failed', this.#onFailed);
  }

  /** Listens no more. */
  close(): void {
    unsubscribe('peercloud:message.sent', this.#onSent);
    unsubscribe('peercloud:message.failed', this.#onFailed);
  }

  /** Messages without an outcome yet. */
  get pending(): number {
    return this.#open;
  }

  get sent(): number {
    return this.#entries.size;
  }

  get replied(): number {
    return this.#counts['replied'] ?? 0;
  }

  /** Sends the next message; its reply has to be `{ n }` again. */
  enter(send: (n: number) => Promise<JsonValue>): void {
    const n = this.#entries.size;
    const entry: Entry = { outcomes: [], sent: 0, failed: 0 };
    this.#entries.set(n, entry);
    this.#open++;
    const close = (outcome: string) => {
      entry.outcomes.push(outcome);
      this.#counts[outcome] = (this.#counts[outcome] ?? 0) + 1;
      this.#open--;
    };
    send(n).then(
      (value) =>
        close((value as { n?: unknown }).n === n ? 'replied' : 'wrong reply'),
      ({ code = 'no code', status }: { code?: string; status?: number }) =>
        close(status === undefined ? code : `${code} ${status}`),
    );
  }

  /** How many messages came to what: `replied`, or the code of an error. */
  summary(): Record<string, number> {
    return { ...this.#counts };
  }

  /**
   * What does not add up, given how often the receiver handled each: a message is replied to and was
   * handled once, or it failed and was handled once at most; after an error that says so, never. Whoever
   * listens to the channels hears of each once.
   */
  faults(handled: ReadonlyMap<number, number>): string[] {
    const faults: string[] = [];
    for (const [n, { outcomes, sent, failed }] of this.#entries) {
      const times = handled.get(n) ?? 0;
      const outcome = outcomes.join();
      const [least, most] = handledRange(outcome);
      if (times < least || times > most) {
        faults.push(`${n}: ${outcome || 'no outcome'}, handled ${times} times`);
      }
      // Without such a peer nothing is sent.
      const isSent =
        sent === 1 ||
        (sent === 0 && (outcome === 'NO_SUCH_PEER' || outcome === 'PEER_LEFT'));
      if (!isSent || failed !== (outcome === 'replied' ? 0 : sent)) {
        faults.push(`${n}: ${outcome}, told ${sent} and ${failed} times`);
      }
    }
    for (const n of handled.keys()) {
      if (!this.#entries.has(n)) {
        faults.push(`${n}: handled, and never sent`);
      }
    }
    return faults;
  }

  readonly #onSent = (notice: unknown) => {
    const entry = this.#entryOf(notice as MessageNotice);
    if (entry) {
      entry.sent++;
    }
  };

  readonly #onFailed = (notice: unknown) => {
    const entry = this.#entryOf(notice as MessageNotice);
    if (entry) {
      entry.failed++;
    }
  };

  #entryOf({ peer, body }: MessageNotice): Entry | undefined {
    return peer.id === this.#peerId
      ? this.#entries.get((body as { n: number }).n)
      : undefined;
  }
}

function handledRange(outcome: string): [number, number] {
  switch (outcome) {
    case 'replied':
      return [1, 1];
    case 'CONNECTION_LOST':
    case 'TIMEOUT':
      return [0, 1];
    case 'UNREACHABLE':
    case 'NO_SUCH_PEER':
    case 'PEER_LEFT':
    case 'OVERLOADED':
      return [0, 0];
    default:
      return [1, 0];
  }
}
