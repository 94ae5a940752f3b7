import type { JsonValue, PeerChannel } from '../../index.js';
import { pack } from './binary.js';

interface Batch {
  of: number;
  values: unknown[];
}

/** The values that this peer gives to questions of others; those of one turn travel as one message. */
export class Answers {
  readonly #batches = new Map<string, Map<number, Batch>>();
  readonly #channel: PeerChannel;

  constructor(channel: PeerChannel) {
    this.#channel = channel;
  }

  /** @param of how many values this peer gives to question `n` in all */
  add(peer: string, n: number, value: unknown, of: number): void {
    if (this.#batches.size === 0) {
      setImmediate(() => this.#flush());
    }
    let batches = this.#batches.get(peer);
    if (!batches) {
      this.#batches.set(peer, (batches = new Map()));
    }
    const batch = batches.get(n);
    if (batch) {
      batch.values.push(value);
    } else {
      batches.set(n, { of, values: [value] });
    }
  }

  #flush(): void {
    const all = [...this.#batches];
    this.#batches.clear();
    for (const [peer, batches] of all) {
      for (const [answer, { of, values }] of batches) {
        const { value, bin } = pack(values);
        const message = { answer, of, values: value, ...(bin && { bin }) };
        // One that is lost is missed at the end of the question's time, as with any cluster of Socket.IO.
        this.#channel.send<JsonValue>(peer, message).catch(() => undefined);
      }
    }
  }
}
