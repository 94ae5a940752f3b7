import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { messageOf } from '../../../errors/error-text.js';
import type { Member } from '../../../membership/index.js';
import type { StreamSecurity } from '../../../security/index.js';
import {
  secureContextOptions,
  type TlsMaterials,
} from '../../../transport/tls.options.js';
import { STREAM_PATH, STREAM_PROTOCOL } from '../../../wire/endpoints.js';
import {
  noStreamPlace,
  noStreamsThere,
  streamBroken,
  streamNotAnswered,
  upgradeAnswered,
  upgradeNotPassed,
} from '../../messaging.messages.js';
import { atTurnEnd, type OpenSocket } from '../framing/index.js';

/** Ms between two looks for a stream that has become free, while all places are taken. */
export const LOOK_AGAIN = 250;

/** Ms until a peer is asked again that has refused for the moment, that said nothing, or that has no streams. */
const SOON = 1000;
const LATER = 10_000;
const MUCH_LATER = 300_000;

/** The status of an upgrade. */
export const SWITCHED = 101;

/** The answer to one that is no member. */
export const FORBIDDEN = 403;

/** The answer of a peer that takes no streams, and what its body has. */
export const NOT_FOUND = 404;
const STREAMS_OFF = '"code":"NOT_FOUND"';

/** True for the words of a peer that takes no streams; `start` is where its answer begins. */
export function saysStreamsOff(start: Buffer): boolean {
  return start.toString('latin1').includes(STREAMS_OFF);
}

/** Why a stream could not be opened; internal, the messages then go another way. */
export class StreamRefusedError extends Error {
  override readonly name: string = 'StreamRefusedError';
  /** True where the peer has restarted and would take the same request if it were signed again. */
  isStale = false;
  /** True where it is the peer itself that says it takes no streams. */
  isOff = false;

  constructor(
    /** HTTP status of the answer; undefined where none came. */
    readonly status: number | undefined,
    /** True where nobody listens at the address, or no way leads there, or nobody answers to a connection. */
    readonly unreachable: boolean,
    cause?: unknown,
  ) {
    super(`the stream was not opened (status ${status ?? 'none'})`, { cause });
  }

  /** True where it will be so for long. */
  get lasts(): boolean {
    return this.pause === MUCH_LATER;
  }

  /** What stood in the way, for people. */
  get reason(): string {
    const { status, cause } = this;
    if (this.isOff) {
      return noStreamsThere;
    }
    if (status === SWITCHED || (status === undefined && cause)) {
      return streamBroken(messageOf(cause));
    }
    if (status === undefined) {
      return streamNotAnswered;
    }
    return this.lasts ? upgradeNotPassed(status) : upgradeAnswered(status);
  }

  /** Ms until it is tried again: soon where the refusal is of the moment. */
  get pause(): number {
    switch (this.status) {
      case SWITCHED:
      case 401:
      case FORBIDDEN:
      case 429:
      case 503:
        return SOON;
      // A peer without streams, or something on the way that passes no upgrades.
      case 200:
      case 404:
      case 405:
      case 426:
      case 501:
        return MUCH_LATER;
      default:
        return LATER;
    }
  }
}

/** This peer has as many streams open as it may; internal, the messages then go another way. */
export class NoStreamPlaceError extends StreamRefusedError {
  override readonly name = 'NoStreamPlaceError';

  constructor() {
    super(undefined, false);
  }

  override get pause(): number {
    return LOOK_AGAIN;
  }

  override get reason(): string {
    return noStreamPlace;
  }
}

/** Injection token of the StreamDialer. */
export const STREAM_DIALER = Symbol('STREAM_DIALER');

/** Opens a stream to a member within some ms. Rejects with a StreamRefusedError. */
export type StreamDialer = (
  member: Member,
  timeout: number,
) => Promise<OpenSocket>;

/** What it takes to open streams. */
export interface StreamDialerConfig {
  security: StreamSecurity;
  /** Bytes of an answer's headers. */
  maxHeaderBytes: number;
  /** The certificates of now, and the name that the peers' certificates have; undefined without TLS. */
  tls: () =>
    { materials: TlsMaterials; servername: string | undefined } | undefined;
}

/** Causes that would stop any other request to the peer as well. */
const UNREACHABLE_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** Asks for an upgrade at a member's own address: a socket of its own, no proxy, no redirect. */
export function createStreamDialer(config: StreamDialerConfig): StreamDialer {
  return openTwice((member, timeout) => dial(config, member, timeout));
}

/** Opens again, at once, where the first opening was for an earlier start of the peer. */
export function openTwice(dialOnce: StreamDialer): StreamDialer {
  return async (member, timeout) => {
    const deadline = performance.now() + timeout;
    try {
      return await dialOnce(member, timeout);
    } catch (error) {
      const left = deadline - performance.now();
      if (left < 1 || !(error as StreamRefusedError).isStale) {
        throw error;
      }
      return dialOnce(member, left);
    }
  };
}

function dial(
  { security, maxHeaderBytes, tls }: StreamDialerConfig,
  member: Member,
  timeout: number,
): Promise<OpenSocket> {
  return new Promise((resolve, reject) => {
    const opening = security.open(member.id);
    const secure = member.scheme === 'https';
    const request = (secure ? httpsRequest : httpRequest)({
      method: 'GET',
      host: member.ip,
      port: member.port,
      path: STREAM_PATH,
      // Without an agent of one's own, Node makes one of the class that the app has for its global one.
      agent: secure ? new HttpsAgent() : new HttpAgent(),
      maxHeaderSize: maxHeaderBytes,
      headers: {
        ...opening.headers,
        connection: 'Upgrade',
        upgrade: STREAM_PROTOCOL,
      },
      ...(secure && secureOptions(tls())),
    });
    const timer = setTimeout(
      // After a pause of this process, what has come meanwhile is read first.
      () => atTurnEnd(() => fail(tooLate(request.socket))),
      timeout,
    );
    const fail = (error: StreamRefusedError) => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    request.on('error', (cause: NodeJS.ErrnoException) => {
      const unreachable = UNREACHABLE_CODES.has(cause.code);
      fail(new StreamRefusedError(undefined, unreachable, cause));
    });
    request.once('response', (answer) => {
      const { statusCode = 0, headers } = answer;
      const error = new StreamRefusedError(statusCode, false);
      error.isStale = opening.refused(statusCode, headers);
      if (statusCode !== NOT_FOUND) {
        fail(error);
        return;
      }
      // A proxy that passes no upgrades has the app look for a route, and it finds none either.
      answer.once('data', (start: Buffer) => {
        error.isOff = saysStreamsOff(start);
      });
      answer.once('close', () => fail(error)).resume();
    });
    request.once('upgrade', ({ headers }, socket, head) => {
      clearTimeout(timer);
      try {
        if (headers.upgrade !== STREAM_PROTOCOL) {
          throw new Error(`upgraded to ${headers.upgrade}`);
        }
        resolve({ socket, head, codec: opening.accept(headers) });
      } catch (cause) {
        socket.destroy();
        reject(new StreamRefusedError(SWITCHED, false, cause));
      }
    });
    request.end();
  });
}

/** Why nothing came in time: nobody answered to the connection, or to what was asked over it. */
function tooLate(socket: Socket | null): StreamRefusedError {
  return new StreamRefusedError(undefined, socket?.connecting !== false);
}

function secureOptions(
  tls: ReturnType<StreamDialerConfig['tls']>,
): SecureContextOptions & { servername?: string } {
  return {
    ...(tls && secureContextOptions(tls.materials)),
    ...(tls?.servername && { servername: tls.servername }),
  };
}
