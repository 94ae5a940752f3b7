import type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
} from '../../../../src/transport/peer-transport.interface.js';
import { TransportError } from '../../../../src/transport/transport.error.js';
import { formatAddress } from '../../../../src/wire/address.js';
import type { Endpoint } from '../../../../src/wire/endpoints.js';
import { isJsonObject, type JsonValue } from '../../../../src/wire/json.js';

/** A request that the peer under test made. */
export interface SentRequest {
  address: string;
  endpoint: Endpoint;
  body: JsonValue;
}

/** What an address answers to a request. */
export type Script = (body: JsonValue) => Promise<PeerAnswer>;

const ACKNOWLEDGEMENTS: Partial<Record<Endpoint, string>> = {
  joined: 'added',
  left: 'removed',
  update: 'updated',
};

/** Stands for all other peers: those that were told of answer, nobody else is there. */
export class ScriptedTransport implements PeerTransport {
  readonly sent: SentRequest[] = [];
  readonly #peers = new Map<string, string>();
  readonly #scripts = new Map<string, Script>();

  /** From now on a peer of that id answers at that address. */
  answer(address: string, id: string): void {
    this.#peers.set(address, id);
  }

  /** From now on this is the answer of an address to one kind of request. */
  script(address: string, endpoint: Endpoint, script: Script): void {
    this.#scripts.set(`${endpoint} ${address}`, script);
  }

  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
  ): Promise<PeerAnswer> {
    const address = formatAddress(target);
    this.sent.push({ address, endpoint, body });
    const script = this.#scripts.get(`${endpoint} ${address}`);
    if (script) {
      return script(body);
    }
    const id = this.#peers.get(address);
    if (id === undefined) {
      const nobody = `nobody listens at ${address}`;
      return Promise.reject(new TransportError('REFUSED', nobody));
    }
    return Promise.resolve({ status: 200, body: answerOf(id, endpoint) });
  }

  /** Bodies that were sent to an endpoint of an address, oldest first. */
  bodiesTo(address: string, endpoint: Endpoint): JsonValue[] {
    return this.sent
      .filter((one) => one.address === address && one.endpoint === endpoint)
      .map(({ body }) => body);
  }
}

function answerOf(id: string, endpoint: Endpoint): JsonValue {
  const status = ACKNOWLEDGEMENTS[endpoint];
  return status === undefined
    ? { id, online: true, listening: true, joined: true }
    : { status };
}

/** Narrows an answer's body for a look at its properties. */
export function objectOf(body: unknown): Record<string, JsonValue> {
  if (!isJsonObject(body)) {
    throw new Error(`no object: ${JSON.stringify(body)}`);
  }
  return body;
}
