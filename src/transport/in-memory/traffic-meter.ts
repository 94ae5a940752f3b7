import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';

/** What went over the network. */
export interface Traffic {
  requests: number;
  /** Bytes of JSON in bodies, requests and answers, without HTTP's own headers. */
  bytes: number;
}

/** Of so many bodies of an endpoint one is measured; odd, as requests and answers take turns. */
const SAMPLE = 13;

/** Counts requests, and the bytes that their bodies would have: by samples, as writing JSON is dear. */
export class TrafficMeter {
  readonly #requests = new Map<Endpoint, number>();
  readonly #bytes = new Map<Endpoint, number>();
  readonly #bodies = new Map<Endpoint, number>();

  noteRequest(endpoint: Endpoint, body: JsonValue): void {
    add(this.#requests, endpoint, 1);
    this.#measure(endpoint, body);
  }

  noteAnswer(endpoint: Endpoint, body: JsonValue | undefined): void {
    this.#measure(endpoint, body);
  }

  /** Everything so far. */
  total(): Traffic {
    return { requests: sum(this.#requests), bytes: sum(this.#bytes) };
  }

  /** Requests so far, by endpoint. */
  requests(): ReadonlyMap<Endpoint, number> {
    return new Map(this.#requests);
  }

  #measure(endpoint: Endpoint, body: JsonValue | undefined): void {
    const bodies = add(this.#bodies, endpoint, 1);
    if (body === undefined || bodies % SAMPLE !== 0) return;
    const bytes = Buffer.byteLength(JSON.stringify(body));
    add(this.#bytes, endpoint, bytes * SAMPLE);
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  counts.set(key, count);
  return count;
}

function sum(counts: Map<unknown, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
