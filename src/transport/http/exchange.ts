import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, errors, type Pool } from 'undici';
import { messageOf } from '../../errors/error-text.js';
import type { ExchangeAnswer } from '../peer-transport.interface.js';
import { ChunkList } from '../../util/chunk-list.js';
import { TransportError, type TransportErrorCode } from '../transport.error.js';
import type { PeerPools, PoolLease, PoolUser } from './peer-pools.js';

/** One request as it goes to the socket. */
export interface ExchangeRequest {
  /** `http://10.0.0.7:9338` */
  origin: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** Ms, from now until the last byte of the answer. */
  timeout: number;
  /** Messages have connections of their own. */
  isMessage: boolean;
  /** Has its listener called when the caller gives up, at once if it has; gives back the undoing. */
  onAbort?(listener: () => void): () => void;
  /** Most bytes of the answer. */
  maxAnswerBytes: number;
}

/** Ms that a message waits for a connection to a peer to which none could be opened the last time; checks wait longer. */
const PATIENCE = 500;

/** Ms without an answer after which the peer's connections may have died, if nothing else was read from it. */
const SILENT_AFTER = 1000;

/**
 * One request and its whole answer. Rejects with a TransportError; `lostBeforeAnswer` of the exchange
 * then says whether a request that may be repeated is worth another try.
 */
export class Exchange implements Dispatcher.DispatchHandler, PoolUser {
  readonly #promise: Promise<ExchangeAnswer>;
  #resolve!: (answer: ExchangeAnswer) => void;
  #reject!: (error: TransportError) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #lease: PoolLease | undefined;
  /** True until it is given to a connection, which others may have. */
  #waits = true;
  #stopListening: (() => void) | undefined;
  #failure: TransportError | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #body = new ChunkList();
  #ended = false;

  readonly #request: ExchangeRequest;

  constructor(request: ExchangeRequest) {
    this.#request = request;
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isMessage(): boolean {
    return this.#request.isMessage;
  }

  /** True if the connection broke after the request was given to it and before any answer came. */
  get lostBeforeAnswer(): boolean {
    return this.#failure?.code === 'CONNECTION_LOST' && this.#status === 0;
  }

  run(pools: PeerPools): Promise<ExchangeAnswer> {
    this.#stopListening = this.#request.onAbort?.(this.#onAbort);
    if (this.#ended) {
      return this.#promise;
    }
    this.#timer = setTimeout(this.#onDeadline, this.#request.timeout);
    try {
      this.#lease = pools.lease(this.#request.origin);
      if (this.isMessage && this.#lease.isDoubtful) {
        this.#patience = setTimeout(this.#onImpatience, PATIENCE, PATIENCE);
      }
      this.#lease.start(this);
    } catch (error) {
      this.onResponseError(undefined, error);
    }
    return this.#promise;
  }

  onPool(pool: Pool): void {
    this.#waits = false;
    const { method, path, headers, body } = this.#request;
    try {
      pool.dispatch({ method, path, headers, body } as never, this);
    } catch (error) {
      this.onResponseError(undefined, error);
    }
  }

  onClosed(error: TransportError): void {
    this.onResponseError(undefined, error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) {
      controller.abort(this.#failure!);
      return;
    }
    clearTimeout(this.#patience);
    this.#startedAt = performance.now();
    // After a pause of this process, what has come meanwhile is read first.
    this.#silence = setTimeout(
      () => setImmediate(this.#onSilence),
      SILENT_AFTER,
    );
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#lease?.read();
    if (status < 200) {
      return;
    }
    clearTimeout(this.#silence);
    this.#status = status;
    this.#headers = headers;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      this.#giveUp('BAD_ANSWER', 'the answer is compressed, unasked');
    } else if (
      Number(headers['content-length']) > this.#request.maxAnswerBytes
    ) {
      this.#tooLarge();
    }
  }

  onResponseData(
    _controller: Dispatcher.DispatchController,
    chunk: Buffer,
  ): void {
    this.#lease?.read();
    if (this.#ended) {
      return;
    }
    if (this.#body.size + chunk.length > this.#request.maxAnswerBytes) {
      this.#tooLarge();
    } else {
      this.#body.push(chunk);
    }
  }

  onResponseEnd(): void {
    this.#release();
    if (!this.#end()) {
      return;
    }
    const status = this.#status;
    const headers = this.#headers;
    this.#resolve({ status, headers, body: this.#body.take() });
  }

  onResponseError(
    _controller: Dispatcher.DispatchController | undefined,
    error: unknown,
  ): void {
    this.#release();
    const started = this.#controller !== undefined;
    this.#fail(toTransportError(error, this.#request.origin, started));
  }

  readonly #onDeadline = (): void => {
    const { timeout } = this.#request;
    if (this.#waits) {
      this.#giveUp(
        'OVERLOADED',
        `no connection was free for ${timeout} ms (options limits.connectionsPerPeer and limits.maxConnectedPeers)`,
      );
    } else if (!this.#controller) {
      this.#onImpatience(timeout);
    } else {
      this.#onSilence();
      this.#giveUp('TIMEOUT', `no answer within ${timeout} ms`);
    }
  };

  readonly #onImpatience = (waited: number): void => {
    this.#giveUp('UNREACHABLE', `no connection within ${waited} ms`);
  };

  readonly #onSilence = (): void => {
    this.#lease?.waited(this.#startedAt);
  };

  readonly #onAbort = (): void => {
    this.#giveUp('ABORTED', 'the caller gave up');
  };

  #tooLarge(): void {
    const { maxAnswerBytes } = this.#request;
    this.#giveUp('BAD_ANSWER', `the answer has more than ${maxAnswerBytes} B`);
  }

  /** Ends the exchange from this side; its connection is not used again. */
  #giveUp(code: TransportError['code'], what: string): void {
    const error = this.#error(code, what);
    this.#fail(error);
    if (this.#waits) {
      this.#release();
    }
    this.#controller?.abort(error);
  }

  #error(code: TransportError['code'], what: string): TransportError {
    return new TransportError(code, `${this.#request.origin}: ${what}`);
  }

  #fail(error: TransportError): void {
    if (!this.#end()) {
      return;
    }
    this.#failure = error;
    this.#body.clear();
    this.#reject(error);
  }

  /** True the first time. */
  #end(): boolean {
    if (this.#ended) {
      return false;
    }
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    clearTimeout(this.#silence);
    this.#stopListening?.();
    return true;
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }
}

/**
 * What an undici or socket error means for the caller; TransportErrors pass through. `started` says
 * that the request was given to a connection, so that the peer may have it.
 */
export function toTransportError(
  error: unknown,
  to: string,
  started: boolean,
): TransportError {
  if (error instanceof TransportError) {
    return error;
  }
  const code = errorCode(error);
  const text = `${to}: ${describe(error, code)}`;
  const kind = isUnreadable(error) ? 'BAD_ANSWER' : classify(code, started);
  return new TransportError(kind, text, { cause: error });
}

function classify(
  code: string | undefined,
  started: boolean,
): TransportErrorCode {
  if (!started) {
    return code === 'ECONNREFUSED' ? 'REFUSED' : 'UNREACHABLE';
  }
  return 'CONNECTION_LOST';
}

/** True for errors of undici's parser: what came back is not HTTP, or its headers are too large. */
function isUnreadable(error: unknown): boolean {
  return (
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError
  );
}

/** The code of an error; for a name with several addresses, the one that all attempts share. */
function errorCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const codes = new Set(error.errors.map((inner) => errorCode(inner)));
    return codes.size === 1 ? [...codes][0] : undefined;
  }
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describe(error: unknown, code: string | undefined): string {
  const message = messageOf(error);
  return message || code || 'failed';
}
