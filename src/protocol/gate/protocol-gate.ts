import {
  STATUS_CODES,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Logger } from '@nestjs/common';
import { stackOf } from '../../errors/error-text.js';
import { MAX_CONTROL_BYTES, MAX_GOSSIP_BYTES } from '../../membership/index.js';
import {
  ENDPOINTS,
  isPeerId,
  pathOf,
  PEER_ID_HEADER,
  PROTOCOL_PATHS,
} from '../../wire/endpoints.js';
import { normalizeRemoteAddress } from '../../wire/address.js';
import type {
  BodyAccount,
  BodyBudget,
  RequestAccepted,
  RequestRefused,
  RequestVerifier,
} from '../../security/index.js';
import { errorBody } from '../../wire/bodies.js';
import type { JsonValue } from '../../wire/json.js';
import { Answer, refusalAnswer, refuseAndDrain } from '../answer.js';
import {
  checkJsonType,
  parseJsonBody,
  announcesBody,
  checkAnnouncedLength,
  ClientGoneError,
  readRawBody,
} from './request-body.js';
import { attachPeerRequest, type PeerRequest } from './peer-request.js';
import { ProtocolError, refusals } from '../protocol.error.js';

/** Bounds on what a request may bring before anybody knows who sent it. */
export interface GateLimits {
  /** Most bytes of a message; more are answered 413. */
  maxMessageBytes: number;
  /** Most bytes of a member's data; a control request has room for those and not much more. */
  maxDataBytes: number;
  /** Ms until a body has to be complete; later is answered 408. */
  bodyTimeout: number;
  /** What all bodies may take together until they are read; more are answered 429. */
  budget: BodyBudget;
  /** Deepest nesting of arrays and objects in a body; deeper is answered 400. */
  maxJsonDepth: number;
}

const NO_BODY = Buffer.alloc(0);

/** Bytes for all of a control request that is neither data nor news: ids, names, a signature. */
const REST_BYTES = 16 * 1024;

/** How many times its text the smallest pieces of JSON take in memory: `{},`. */
const PARSED_FACTOR = 33;

/** Seconds after which a body that found no room may be sent again. */
const RETRY_AFTER = 1;

/**
 * The first to see a protocol request, ahead of the app's own body parser:
 * no browser → size limit → signature → parsing. Membership and everything else come later, at the controllers.
 */
export class ProtocolGate {
  readonly #logger = new Logger('PeerCloud');
  readonly #underWay = new Set<ServerResponse>();
  #isCutOff = false;

  readonly #limits: GateLimits;
  readonly #verifier: RequestVerifier;

  constructor(limits: GateLimits, verifier: RequestVerifier) {
    this.#limits = limits;
    this.#verifier = verifier;
  }

  /** True for requests of the protocol; everything else is the app's own business. */
  concerns(incoming: IncomingMessage): boolean {
    return isProtocolRequest(incoming);
  }

  /**
   * Lets a request through, or says how to refuse it. What was let through has its PeerRequest, and its
   * body is `parsed`, for the parts of the app that look at it.
   */
  async inspect(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    remoteAddress: string | undefined,
  ): Promise<Inspection> {
    this.#underWay.add(outgoing);
    outgoing.once('close', () => this.#underWay.delete(outgoing));
    if (this.#isCutOff) {
      return GONE;
    }
    const account = this.#limits.budget.open();
    outgoing.once('close', () => account.close());
    const inspection = await this.#admit(
      incoming,
      account,
      remoteAddress,
    ).catch((error: unknown) => this.#failed(incoming, error));
    if (!inspection.passed) {
      account.close();
    }
    return inspection;
  }

  /** Breaks the connections of all requests that are not answered yet, and of all that still come. */
  cutOff(): void {
    this.#isCutOff = true;
    for (const outgoing of this.#underWay) {
      outgoing.destroy();
    }
  }

  async #admit(
    incoming: IncomingMessage,
    account: BodyAccount,
    address: string | undefined,
  ): Promise<Inspection> {
    const remoteAddress =
      normalizeRemoteAddress(address) ||
      normalizeRemoteAddress(incoming.socket.remoteAddress);
    refuseBrowsers(incoming);
    const raw = await this.#read(incoming, account);
    const verdict = await this.#verifier.verify({
      method: 'POST',
      path: incoming.url ?? '',
      headers: incoming.headers,
      raw,
      remoteAddress,
    });
    if (!verdict.ok) {
      return refused(incoming, bareRefusal(verdict), verdict);
    }
    try {
      const body = this.#parse(incoming, raw, account);
      attachPeerRequest(incoming, {
        takeBody: handOnce(body, account),
        remoteAddress,
        ...senderOf(incoming, verdict),
        ...signingOf(verdict),
      });
      return { passed: true, body };
    } catch (error) {
      return this.#failed(incoming, error, verdict);
    }
  }

  /** @param verdict of the verifier, where the request was let in: it signs the refusal */
  #failed(
    incoming: IncomingMessage,
    error: unknown,
    verdict?: RequestAccepted,
  ): Inspection {
    if (error instanceof ClientGoneError) {
      return GONE;
    }
    if (error instanceof ProtocolError) {
      return refused(incoming, refusalAnswer(error), verdict);
    }
    this.#logger.error(`POST ${pathOf(incoming.url)} failed`, stackOf(error));
    return refused(incoming, refusalAnswer(refusals.internal()), verdict);
  }

  async #read(
    incoming: IncomingMessage,
    account: BodyAccount,
  ): Promise<Buffer> {
    const path = pathOf(incoming.url);
    const maxBytes =
      path === ENDPOINTS.message
        ? this.#limits.maxMessageBytes
        : MAX_CONTROL_BYTES;
    checkAnnouncedLength(incoming, maxBytes);
    return announcesBody(incoming)
      ? readRawBody(incoming, {
          maxBytes,
          timeout: this.#limits.bodyTimeout,
          account,
        })
      : NO_BODY;
  }

  #parse(
    incoming: IncomingMessage,
    raw: Buffer,
    account: BodyAccount,
  ): JsonValue | undefined {
    if (raw.length === 0) {
      return undefined;
    }
    checkJsonType(incoming);
    const maxParsed = this.#maxParsedBytes(pathOf(incoming.url));
    return parseJsonBody(raw, this.#limits.maxJsonDepth, (bytes) => {
      if (bytes > maxParsed) {
        throw refusals.tooLarge(maxParsed, 'the body, once parsed,');
      }
      if (!account.growParsed(bytes)) {
        throw refusals.tooMany(RETRY_AFTER);
      }
    });
  }

  /** What a body of an endpoint can sensibly take in memory: it carries lists of members, or one with some news. */
  #maxParsedBytes(path: string): number {
    switch (path) {
      case ENDPOINTS.message:
        return Infinity;
      case ENDPOINTS.sync:
        return MAX_CONTROL_BYTES * PARSED_FACTOR;
      default:
        return (
          (Math.max(this.#limits.maxDataBytes, MAX_GOSSIP_BYTES) + REST_BYTES) *
          PARSED_FACTOR
        );
    }
  }
}

/** True for a request of the protocol, by its method and path, and for a browser's question whether a page may send one. */
export function isProtocolRequest(incoming: IncomingMessage): boolean {
  return (
    (incoming.method === 'POST' || isPreflight(incoming)) &&
    PROTOCOL_PATHS.has(pathOf(incoming.url))
  );
}

/** True for a browser's question whether a page of another site may send a request of the protocol. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' && headers['access-control-request-method'] === 'POST'
  );
}

/**
 * Throws a ProtocolError (403 `FROM_BROWSER`) for what a page has made a browser send. No page can
 * leave these headers out of a POST, and no peer sends them. CORS is no help here: an app may allow
 * every origin, and by DNS rebinding a page has the peer's own (PROTOCOL.md, section 1, browsers).
 */
export function refuseBrowsers(incoming: IncomingMessage): void {
  const { origin, 'sec-fetch-site': site } = incoming.headers;
  if (origin !== undefined || site !== undefined || isPreflight(incoming)) {
    throw refusals.fromBrowser();
  }
}

/** What the gate made of a request. */
export type Inspection =
  | { passed: true; body: JsonValue | undefined }
  | { passed: false; refuse: (outgoing: ServerResponse) => void };

/** Nobody is there to be answered, or nobody is to answer any more. */
const GONE: Inspection = {
  passed: false,
  refuse: (outgoing) => outgoing.destroy(),
};

function refused(
  incoming: IncomingMessage,
  answer: Answer,
  verdict?: Pick<PeerRequest, 'signAnswer'>,
): Inspection {
  return {
    passed: false,
    refuse: (outgoing) => refuseAndDrain(incoming, outgoing, answer, verdict),
  };
}

/** Nothing about the cause: who is not let in learns nothing. */
export function bareRefusal({ status, headers, code }: RequestRefused): Answer {
  const message = STATUS_CODES[status] ?? 'refused';
  return new Answer(status, errorBody(status, message, code), headers);
}

/** Who a request says that it is from, unless it was for another peer. */
export function senderOf(
  { headers }: IncomingMessage,
  { anonymous }: RequestAccepted,
): Pick<PeerRequest, 'senderId'> {
  const senderId = headers[PEER_ID_HEADER];
  return isPeerId(senderId) && !anonymous ? { senderId } : {};
}

function signingOf(verdict: RequestAccepted): Pick<PeerRequest, 'signAnswer'> {
  return verdict.signAnswer
    ? { signAnswer: verdict.signAnswer.bind(verdict) }
    : {};
}

/** Gives a body away, and with it the place that it took. */
function handOnce(
  body: JsonValue | undefined,
  account: BodyAccount,
): PeerRequest['takeBody'] {
  let kept = body;
  return () => {
    const taken = kept;
    kept = undefined;
    account.close();
    return taken;
  };
}
