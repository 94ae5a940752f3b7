import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { Member } from '../../membership/index.js';
import type { StreamCodec, StreamSecurity } from '../../security/index.js';
import {
  type TlsMaterials,
  secureContextOptions,
} from '../../transport/tls.options.js';
import { ENDPOINTS } from '../../wire/endpoints.js';
import { STREAM_TYPE } from './stream.constants.js';
import { StreamRefusedError } from './stream-refused.error.js';

/** Injection token of the StreamOpener. */
export const STREAM_OPENER = Symbol('STREAM_OPENER');

/** Opens a stream to a member within some ms. Rejects with a StreamRefusedError. */
export type StreamOpener = (
  member: Member,
  timeout: number,
) => Promise<OpenedStream>;

/** What it takes to open streams. */
export interface StreamOpenerConfig {
  security: StreamSecurity;
  /** Bytes of an answer's headers. */
  maxHeaderBytes: number;
  /** The certificates of now, and the name that the peers' certificates have; undefined without TLS. */
  tls: () =>
    { materials: TlsMaterials; servername: string | undefined } | undefined;
}

/** A long request whose answer has begun: both directions are open. */
export interface OpenedStream {
  request: ClientRequest;
  response: IncomingMessage;
  codec: StreamCodec;
}

/** Causes that would stop any other request to the peer as well. */
const UNREACHABLE_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** Opens `POST /stream` at a member's own address: a socket of its own, no proxy, no redirect. */
export function createStreamOpener(config: StreamOpenerConfig): StreamOpener {
  return async (member, timeout) => {
    const deadline = performance.now() + timeout;
    try {
      return await open(config, member, timeout);
    } catch (error) {
      const left = deadline - performance.now();
      if (left < 1 || !(error as StreamRefusedError).isStale) {
        throw error;
      }
      return open(config, member, left);
    }
  };
}

function open(
  { security, maxHeaderBytes, tls }: StreamOpenerConfig,
  member: Member,
  timeout: number,
): Promise<OpenedStream> {
  return new Promise((resolve, reject) => {
    const opening = security.open(member.id);
    const secure = member.scheme === 'https';
    const request = (secure ? httpsRequest : httpRequest)({
      method: 'POST',
      host: member.ip,
      port: member.port,
      path: ENDPOINTS.stream,
      // Without an agent of one's own, Node makes one of the class that the app has for its global one.
      agent: secure ? new HttpsAgent() : new HttpAgent(),
      maxHeaderSize: maxHeaderBytes,
      headers: {
        ...opening.headers,
        'content-type': STREAM_TYPE,
        accept: STREAM_TYPE,
        'cache-control': 'no-transform',
        'transfer-encoding': 'chunked',
      },
      ...(secure && secureOptions(tls())),
    });
    // Between this opening and whoever gets the stream nobody listens, and an error that nobody hears ends the process.
    request.on('error', () => undefined);
    const timer = setTimeout(
      () => fail(new StreamRefusedError(undefined, false)),
      timeout,
    );
    const fail = (error: StreamRefusedError) => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const onError = (cause: NodeJS.ErrnoException) =>
      fail(
        new StreamRefusedError(
          undefined,
          UNREACHABLE_CODES.has(cause.code),
          cause,
        ),
      );
    request.once('error', onError);
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        const error = new StreamRefusedError(status, false);
        error.isStale = opening.refused(status, response.headers);
        fail(error);
        return;
      }
      try {
        const codec = opening.accept(status, response.headers);
        clearTimeout(timer);
        request.off('error', onError);
        resolve({ request, response, codec });
      } catch (cause) {
        fail(new StreamRefusedError(status, false, cause));
      }
    });
    request.flushHeaders();
  });
}

function secureOptions(
  tls: ReturnType<StreamOpenerConfig['tls']>,
): SecureContextOptions & { servername?: string } {
  return {
    ...(tls && secureContextOptions(tls.materials)),
    ...(tls?.servername && { servername: tls.servername }),
  };
}
