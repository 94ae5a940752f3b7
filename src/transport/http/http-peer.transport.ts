import type { HttpService } from '@nestjs/axios';
import { type AxiosRequestConfig, isCancel } from 'axios';
import { messageOf } from '../../errors/error-text.js';
import type { StepLog } from '../../util/step-log.js';
import { formatAddress, formatHost } from '../../wire/address.js';
import {
  type Endpoint,
  ENDPOINTS,
  PEER_ID_HEADER,
} from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import { checkReply, checkSigner } from '../answer-checks.js';
import type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from '../peer-transport.interface.js';
import { TransportError } from '../transport.error.js';
import type { PeerRequestConfig, PeerRequestInfo } from './undici.adapter.js';

/** Requests that a peer may get twice without harm, a legacy peer included. */
const REPEATABLE: ReadonlySet<Endpoint> = new Set<Endpoint>([
  'status',
  'left',
  'update',
  'sync',
]);

export interface HttpTransportConfig {
  /** The own id, undefined as long as there is none. */
  selfId(): string | undefined;
  /** Most bytes of an answer where the request says nothing else. */
  maxAnswerBytes: number;
  /** Told of each request; default: nobody. */
  steps?: StepLog;
}

/** PeerTransport over HTTP, through the HttpService that users can add interceptors to. */
export class HttpPeerTransport implements PeerTransport {
  readonly #http: Pick<HttpService, 'axiosRef'>;
  readonly #config: HttpTransportConfig;

  constructor(
    http: Pick<HttpService, 'axiosRef'>,
    config: HttpTransportConfig,
  ) {
    this.#http = http;
    this.#config = config;
  }

  async request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const answer = await this.#send(target, endpoint, body, options);
    const { steps } = this.#config;
    if (steps?.enabled) {
      steps.write(
        `POST ${ENDPOINTS[endpoint]} to ${formatAddress(target)}: ${answer.status}`,
      );
    }
    return answer;
  }

  /** Like `request`, for a body that is JSON text already: a broadcast makes it once for all peers. */
  requestSerialized(
    target: PeerTarget,
    endpoint: Endpoint,
    json: string | Buffer,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const bytes = typeof json === 'string' ? Buffer.from(json) : json;
    return this.#send(target, endpoint, bytes, options);
  }

  async #send(
    target: PeerTarget,
    endpoint: Endpoint,
    data: JsonValue | Buffer,
    options: RequestOptions,
  ): Promise<PeerAnswer> {
    const id = this.#config.selfId();
    let sent = false;
    const config: AxiosRequestConfig & PeerRequestConfig = {
      method: 'post',
      url: urlOf(target, endpoint),
      headers: {
        ...options.headers,
        ...(id !== undefined && { [PEER_ID_HEADER]: id }),
      },
      data,
      timeout: options.timeout,
      signal: options.signal,
      maxContentLength: options.maxAnswerBytes ?? this.#config.maxAnswerBytes,
      receiverId: target.id,
      repeatable: REPEATABLE.has(endpoint),
      isMessage: endpoint === 'message',
      onSend: () => (sent = true),
    };
    try {
      const response = await this.#http.axiosRef.request<JsonValue | undefined>(
        config,
      );
      const answer = { status: response.status, body: response.data };
      const { signerId, bytes = 0 } = (response.request ??
        {}) as Partial<PeerRequestInfo>;
      if (signerId !== undefined) {
        checkSigner(signerId, target, endpoint, answer);
      }
      if (endpoint === 'message' && bytes > 0) {
        checkReply(answer, target);
      }
      return answer;
    } catch (error) {
      throw toTransportError(error, target, sent);
    }
  }
}

function urlOf(target: PeerTarget, endpoint: Endpoint): string {
  const scheme = target.scheme ?? 'http';
  return `${scheme}://${formatHost(target.ip)}:${target.port}${ENDPOINTS[endpoint]}`;
}

/**
 * What axios and interceptors throw; the network side throws TransportErrors already.
 * @param sent the request may have gone out before that
 */
function toTransportError(
  error: unknown,
  target: PeerTarget,
  sent: boolean,
): TransportError {
  if (error instanceof TransportError) {
    return error;
  }
  const to = formatAddress(target);
  if (isCancel(error)) {
    return new TransportError('ABORTED', `${to}: the caller gave up`, {
      cause: error,
    });
  }
  return new TransportError(
    sent ? 'CONNECTION_LOST' : 'UNREACHABLE',
    `${to}: ${messageOf(error)}`,
    { cause: error },
  );
}
