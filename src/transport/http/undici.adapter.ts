import { STATUS_CODES } from 'node:http';
import type {
  AxiosAdapter,
  AxiosResponse,
  InternalAxiosRequestConfig,
} from 'axios';
import { StaleRequestError } from '../transport.error.js';
import type {
  ExchangeAnswer,
  ExchangeSecurity,
} from '../peer-transport.interface.js';
import { Exchange, type ExchangeRequest } from './exchange.js';
import type { PeerPools } from './peer-pools.js';

/** What this adapter understands beside axios's own configuration. */
export interface PeerRequestConfig {
  /** Id of the peer that the request is for; its signature is bound to it. */
  receiverId?: string;
  /** The peer may get the request twice: try again if the connection breaks before an answer. */
  repeatable?: boolean;
  /** It is a message, which may wait for a handler for long. */
  isMessage?: boolean;
  /** Called before the request may go out, each time. */
  onSend?: () => void;
}

/** What `response.request` of this adapter holds. */
export interface PeerRequestInfo {
  /** Who signed the answer; undefined in an open cloud. */
  signerId: string | undefined;
  /** Bytes of the answer's body, before it was parsed. */
  bytes: number;
}

/** The part of axios's CancelToken that its types leave out. */
interface CancelListeners {
  subscribe(listener: () => void): void;
  unsubscribe(listener: () => void): void;
}

/** A sender that started again may have to learn two things of a receiver: its start, and its own last nonce. */
const MAX_STALE_REPEATS = 2;

type Config = InternalAxiosRequestConfig & PeerRequestConfig;

/**
 * Axios's network side on undici: keep-alive pools, one deadline for the whole exchange, no redirects,
 * no proxy, answers bounded in bytes and never decompressed. Every answer is a response, whatever its
 * status; what fails is a TransportError.
 */
export function createUndiciAdapter(
  pools: PeerPools,
  limits: { timeout: number; maxAnswerBytes: number },
  security?: ExchangeSecurity,
): AxiosAdapter {
  return async (config: Config): Promise<AxiosResponse> => {
    const request = toExchangeRequest(config, limits);
    const deadline = performance.now() + request.timeout;
    let { timeout } = request;
    for (let repeats = 0; ; repeats++) {
      const { exchange, response } = send(config, { ...request, timeout });
      try {
        return await response;
      } catch (error) {
        timeout = Math.floor(deadline - performance.now());
        if (timeout < 1 || !mayRepeat(error, config, exchange, repeats)) {
          throw error;
        }
      }
    }
  };

  function send(config: Config, request: ExchangeRequest) {
    const signed = security?.sign({
      origin: request.origin,
      method: request.method,
      path: request.path,
      body: request.body,
      headers: request.headers,
      receiverId: config.receiverId,
    });
    config.onSend?.();
    const exchange = new Exchange(
      signed
        ? { ...request, headers: { ...request.headers, ...signed.headers } }
        : request,
    );
    const response = exchange
      .run(pools)
      .then((answer) =>
        toResponse(answer, config, signed?.checkAnswer(answer)),
      );
    return { exchange, response };
  }
}

/** True for what the peer has not done, or may do twice. */
function mayRepeat(
  error: unknown,
  { repeatable }: Config,
  { lostBeforeAnswer }: Exchange,
  repeats: number,
): boolean {
  return error instanceof StaleRequestError
    ? repeats < MAX_STALE_REPEATS
    : repeats === 0 && repeatable === true && lostBeforeAnswer;
}

function toExchangeRequest(
  config: Config,
  limits: { timeout: number; maxAnswerBytes: number },
): ExchangeRequest {
  const url = config.url!;
  const pathStart = url.indexOf('/', url.indexOf('//') + 2);
  const { maxContentLength } = config;
  return {
    origin: pathStart < 0 ? url : url.slice(0, pathStart),
    path: pathStart < 0 ? '/' : url.slice(pathStart),
    method: config.method?.toUpperCase() ?? 'POST',
    headers: readHeaders(config),
    body: readBody(config.data),
    timeout: config.timeout || limits.timeout,
    isMessage: config.isMessage === true,
    onAbort: readAbort(config),
    maxAnswerBytes:
      maxContentLength !== undefined && maxContentLength >= 0
        ? maxContentLength
        : limits.maxAnswerBytes,
  };
}

function readHeaders(config: Config): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.headers)) {
    if (value !== undefined && value !== null && value !== false) {
      headers[name.toLowerCase()] = String(value);
    }
  }
  return headers;
}

function readBody(data: unknown): Buffer | undefined {
  if (data === undefined || data === null) {
    return undefined;
  }
  if (Buffer.isBuffer(data)) {
    return data;
  }
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  throw new TypeError('the body must be a string or a Buffer by now');
}

/** Joins the two ways in which axios's callers can give up: a signal, and Nest's cancel token. */
function readAbort(config: Config): ExchangeRequest['onAbort'] {
  const { signal, cancelToken } = config;
  if (!signal && !cancelToken) {
    return undefined;
  }
  return (listener) => {
    const token = cancelToken as CancelListeners | undefined;
    if (signal?.aborted) {
      listener();
    }
    signal?.addEventListener?.('abort', listener);
    token?.subscribe(listener);
    return () => {
      signal?.removeEventListener?.('abort', listener);
      token?.unsubscribe(listener);
    };
  };
}

function toResponse(
  answer: ExchangeAnswer,
  config: Config,
  signerId: string | undefined,
): AxiosResponse {
  const info: PeerRequestInfo = { signerId, bytes: answer.body.length };
  return {
    data: answer.body,
    status: answer.status,
    statusText: STATUS_CODES[answer.status] ?? '',
    headers: answer.headers as AxiosResponse['headers'],
    config,
    request: info,
  };
}
