import { setMaxListeners } from 'node:events';
import { messageOf } from '../../errors/error-text.js';
import type { PeerTarget } from '../../transport/peer-transport.interface.js';
import { TransportError } from '../../transport/transport.error.js';
import { type Endpoint, isSuccess } from '../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../wire/json.js';
import type { CoreEvents } from './core-events.js';
import type { MembershipEnvironment } from './membership.types.js';
import { MAX_CONTROL_BYTES } from './options/membership.options.js';

/**
 * How a call ended: with an answer of whatever status, with a refused connection (the process is gone),
 * without an answer, or given up by this peer itself: it stops, or has no connection to spare.
 */
export type CallResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: JsonObject | undefined;
    }
  | {
      readonly kind: 'refused' | 'silent' | 'aborted';
      /** What stood in the way, in a few words. */
      readonly why: string;
      /** True: this peer has no way to addresses of that kind, which says nothing about the other side. */
      readonly noWay?: boolean;
    };

const STOPPED = { kind: 'aborted', why: 'this peer stops' } as const;

/** What a call may have of its own. */
export interface CallOptions {
  readonly maxAnswerBytes?: number;
  /** True: no longer than the timeout, even if this process is slow itself. */
  readonly exact?: boolean;
}

/** All requests of the core: with a deadline, ended by `stop`, never a thrown error. */
export class PeerCalls {
  readonly #abort = endingManyCalls();

  readonly #env: Pick<MembershipEnvironment, 'transport' | 'logger'>;
  readonly #events: CoreEvents;
  readonly #slack: (timeout: number) => number;

  /** @param slack ms that a wait of `timeout` ms needs on top, because this process is slow itself */
  constructor(
    env: Pick<MembershipEnvironment, 'transport' | 'logger'>,
    events: CoreEvents,
    slack: (timeout: number) => number,
  ) {
    this.#env = env;
    this.#events = events;
    this.#slack = slack;
  }

  get stopped(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Gives up all that is under way, and everything later. */
  stop(): void {
    this.#abort.abort();
  }

  /** @param timeout ms, without what this process itself needs longer at the moment */
  async call(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonObject,
    timeout: number,
    { maxAnswerBytes = MAX_CONTROL_BYTES, exact = false }: CallOptions = {},
  ): Promise<CallResult> {
    if (this.stopped) {
      return STOPPED;
    }
    try {
      const { status, body: answer } = await this.#env.transport.request(
        addressOf(target),
        endpoint,
        body,
        {
          timeout: exact ? timeout : timeout + this.#slack(timeout),
          signal: this.#abort.signal,
          maxAnswerBytes,
        },
      );
      if (this.stopped) {
        return STOPPED;
      }
      const object = isJsonObject(answer) ? answer : undefined;
      this.#observe(target.id, status, object);
      return { kind: 'answered', status, body: object };
    } catch (error) {
      return this.#failure(error, target, endpoint);
    }
  }

  #observe(
    id: string | undefined,
    status: number,
    body: JsonObject | undefined,
  ): void {
    if (id === undefined) {
      return;
    }
    if (status === 403 && body?.code === 'UNKNOWN_SENDER') {
      this.#events.emit('sender.unknown', id);
    }
    // The id in the answer to /status is judged by the part that asked.
    else if (isSuccess(status) && (body?.id === undefined || body.id === id)) {
      this.#events.emit('peer.answered', id);
    }
  }

  #failure(error: unknown, target: PeerTarget, endpoint: Endpoint): CallResult {
    if (this.stopped) {
      return STOPPED;
    }
    const code = error instanceof TransportError ? error.code : undefined;
    const message = messageOf(error);
    this.#env.logger.debug(
      `/${endpoint} to ${target.ip}:${target.port} failed: ${message}`,
    );
    if (code === 'REFUSED') {
      return { kind: 'refused', why: 'nobody listens there' };
    }
    // The place comes first in the transport's own texts.
    const why = message.slice(message.indexOf(': ') + 1).trim();
    // Never sent, for want of a connection: that says nothing about the other side.
    return code === 'OVERLOADED'
      ? { kind: 'aborted', why }
      : { kind: 'silent', why, noWay: isNoWay(error) };
  }
}

const TOO_MANY = 429;
const UNAVAILABLE = 503;

/** Errors of a host that has no address of the kind that it calls, or no network at all. */
const NO_WAY: ReadonlySet<unknown> = new Set([
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
]);

function isNoWay(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } | undefined };
  return NO_WAY.has(cause?.code);
}

/** What a server says that does not have the path at all: nobody of ours. */
const NO_SUCH_PATH: readonly number[] = [404, 405];

/**
 * True for the refusal of a process that is there and well enough to refuse (PROTOCOL.md, section 1,
 * errors). Other servers, at an address that a peer once had, do not speak like this; nor does a proxy, which
 * says `503` itself where nobody is behind it. A rate limit that is used up says `429` in any form.
 */
export function isRefusal({
  status,
  body,
}: {
  status: number;
  body: JsonObject | undefined;
}): boolean {
  if (status === TOO_MANY) {
    return true;
  }
  const isWord = body?.statusCode === status;
  return status === UNAVAILABLE
    ? isWord && body?.code !== 'LEAVING'
    : isWord && status >= 400 && status < 500 && !NO_SUCH_PATH.includes(status);
}

/** What an answer means that is not the one hoped for, for the log. */
export function describeRefusal(status: number): string {
  const what = REFUSALS[status] ?? 'what answers there is no peer';
  return `${what} (status ${status})`;
}

const REFUSALS: Readonly<Record<number, string>> = {
  401: 'it takes signed requests only, by a secret or a key that it knows: give both the same option security',
  403: 'it takes no requests from this address, or none that are signed: see its options addresses and security',
  [TOO_MANY]:
    'a rate limit turns requests away, of the peer, its app or something in between: exempt the paths of the protocol',
  [UNAVAILABLE]: 'it has too much to do',
};

/** The answer, if the call was answered with success. */
export function successOf(
  result: CallResult | undefined,
): { body: JsonObject | undefined } | undefined {
  return result?.kind === 'answered' && isSuccess(result.status)
    ? result
    : undefined;
}

/** Many calls at once wait for this one end, which Node takes for a leak unless told otherwise. */
function endingManyCalls(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}

function addressOf({ id, ip, port, scheme }: PeerTarget): PeerTarget {
  const target: PeerTarget = { ip, port };
  if (id !== undefined) {
    target.id = id;
  }
  if (scheme !== undefined) {
    target.scheme = scheme;
  }
  return target;
}
