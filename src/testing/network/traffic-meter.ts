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

/** One endpoint's share. */
interface Counts extends Traffic {
  bodies: number;
}

/** Counts requests, and the bytes that their bodies would have: by samples, as writing JSON is dear. */
export class TrafficMeter {
  readonly #counts = new Map<Endpoint, Counts>();

  noteRequest(endpoint: Endpoint, body: JsonValue): void {
    const counts = this.#of(endpoint);
    counts.requests++;
    measure(counts, body);
  }

  noteAnswer(endpoint: Endpoint, body: JsonValue | undefined): void {
    measure(this.#of(endpoint), body);
  }

  /** Everything so far. */
  total(): Traffic {
    const total = { requests: 0, bytes: 0 };
    for (const { requests, bytes } of this.#counts.values()) {
      total.requests += requests;
      total.bytes += bytes;
    }
    return total;
  }

  /** Requests so far, by endpoint. */
  requests(): ReadonlyMap<Endpoint, number> {
    return new Map(
      [...this.#counts].map(([endpoint, { requests }]) => [endpoint, requests]),
    );
  }

  #of(endpoint: Endpoint): Counts {
    let counts = this.#counts.get(endpoint);
    if (!counts) {
      counts = { requests: 0, bytes: 0, bodies: 0 };
      this.#counts.set(endpoint, counts);
    }
    return counts;
  }
}

function measure(counts: Counts, body: JsonValue | undefined): void {
  if (++counts.bodies % SAMPLE !== 0 || body === undefined) {
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  counts.bytes += Buffer.byteLength(text) * SAMPLE;
}
