import { StepLog } from '../../util/step-log.js';
import { formatAddress } from '../../wire/address.js';
import {
  type Endpoint,
  ENDPOINTS,
  PEER_ID_HEADER,
} from '../../wire/endpoints.js';
import { jsonOf, type JsonValue } from '../../wire/json.js';
import { checkReply, checkSigner } from '../answer-checks.js';
import type {
  ExchangeSecurity,
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from '../peer-transport.interface.js';
import { StaleRequestError } from '../transport.error.js';
import type {
  CloudTransport,
  TransportLink,
} from './transport-link.interface.js';
import { OptionsError } from '../../options/option-checks.js';

/** A sender that started again may have to learn two things of a receiver: its start, and its own last nonce. */
const MAX_STALE_REPEATS = 2;

export interface LinkPeerTransportConfig {
  selfId: () => string;
  /** Most bytes of an answer where the request says nothing else. */
  maxAnswerBytes: number;
  security: ExchangeSecurity;
}

/** PeerTransport over the link of another transport than HTTP: JSON and signatures, the same as there. */
export class LinkPeerTransport implements PeerTransport {
  readonly #steps = new StepLog();

  readonly #link: TransportLink;
  readonly #config: LinkPeerTransportConfig;

  constructor(link: TransportLink, config: LinkPeerTransportConfig) {
    this.#link = link;
    this.#config = config;
  }

  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const json = JSON.stringify(body);
    return this.requestSerialized(target, endpoint, json, options);
  }

  async requestSerialized(
    target: PeerTarget,
    endpoint: Endpoint,
    json: string,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const body = Buffer.from(json);
    const deadline = performance.now() + options.timeout;
    for (let repeats = 0; ; repeats++) {
      const left = Math.ceil(deadline - performance.now());
      try {
        return await this.#exchange(target, endpoint, body, {
          ...options,
          timeout: Math.max(1, left),
        });
      } catch (error) {
        const mayRepeat =
          error instanceof StaleRequestError && repeats < MAX_STALE_REPEATS;
        if (!mayRepeat || performance.now() >= deadline) {
          throw error;
        }
      }
    }
  }

  async #exchange(
    target: PeerTarget,
    endpoint: Endpoint,
    body: Buffer,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const { selfId, maxAnswerBytes, security } = this.#config;
    const path = ENDPOINTS[endpoint];
    const place = formatAddress(target);
    const headers = { ...options.headers, [PEER_ID_HEADER]: selfId() };
    const signed = security.sign({
      origin: place,
      method: 'POST',
      path,
      body,
      headers,
      receiverId: target.id,
    });
    const request = { path, headers: { ...headers, ...signed.headers }, body };
    const raw = await this.#link.request(target, request, {
      maxAnswerBytes,
      ...options,
    });
    const signerId = signed.checkAnswer(raw);
    const answer = { status: raw.status, body: jsonOf(raw.body) };
    if (signerId !== undefined) {
      checkSigner(signerId, target, endpoint, answer);
    }
    if (endpoint === 'message' && raw.body.length > 0) {
      checkReply(answer, target);
    }
    if (this.#steps.enabled) {
      this.#steps.write(`${path} to ${place}: ${answer.status}`);
    }
    return answer;
  }
}

/** Options of HTTP. */
const OF_HTTP = ['listener', 'ip', 'port', 'tls', 'addresses'] as const;

/**
 * Reads the option `transport`; undefined for HTTP.
 *
 * @throws OptionsError for what is no transport, and for options of HTTP beside it
 */
export function checkTransport(
  options: Readonly<Record<string, unknown>>,
): CloudTransport | undefined {
  const { transport } = options;
  if (transport === undefined) {
    return undefined;
  }
  if (!isTransport(transport)) {
    throw new OptionsError(
      'transport',
      transport,
      'must be a transport, such as natsTransport({ servers }) of nestjs-peercloud/nats; leave it out for HTTP',
    );
  }
  for (const name of OF_HTTP) {
    if (options[name] !== undefined) {
      throw new OptionsError(
        name,
        options[name],
        `leave it out beside the option transport: it is for HTTP, and this peer is on ${transport.name}`,
      );
    }
  }
  return transport;
}

function isTransport(value: unknown): value is CloudTransport {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as CloudTransport).create === 'function'
  );
}
