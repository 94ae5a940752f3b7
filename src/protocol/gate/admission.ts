import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import { Logger } from '@nestjs/common';
import { stackOf } from '../../errors/error-text.js';
import { MAX_CONTROL_BYTES, MAX_GOSSIP_BYTES } from '../../membership/index.js';
import type {
  BodyAccount,
  BodyBudget,
  RequestAccepted,
  RequestRefused,
  RequestVerifier,
} from '../../security/index.js';
import { errorBody } from '../../wire/bodies.js';
import {
  BROADCAST_PATH,
  ENDPOINTS,
  isPeerId,
  pathOf,
  PEER_ID_HEADER,
} from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import { Answer, refusalAnswer } from '../answer.js';
import { ProtocolError, refusals } from '../protocol.error.js';
import type { PeerRequest } from './peer-request.js';
import { parseJsonBody } from './request-body.js';

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

/** A request that is here as a whole, and of which nothing is known yet. */
export interface ArrivedRequest {
  /** As on the request line, a query included. */
  path: string;
  headers: IncomingHttpHeaders;
  raw: Buffer;
  remoteAddress: string;
}

/** What became of it: let in, or how to refuse it. */
export type Admission =
  | { passed: true; request: PeerRequest; body: JsonValue | undefined }
  | {
      passed: false;
      answer: Answer;
      signing?: Pick<PeerRequest, 'signAnswer'> | undefined;
    };

/** Paths whose bodies are, or have in them, one of the application. */
const CARRY_MESSAGES: ReadonlySet<string> = new Set([
  ENDPOINTS.message,
  BROADCAST_PATH,
  ENDPOINTS.observe,
]);

/** Bytes for all of a control request that is neither data nor news: ids, names, a signature. */
const REST_BYTES = 16 * 1024;

/** How many times its text the smallest pieces of JSON take in memory: `{},`. */
const PARSED_FACTOR = 33;

/** Seconds after which a body that found no room may be sent again. */
export const RETRY_AFTER = 1;

const logger = new Logger('PeerCloud');

/** Most bytes of a body for a path. */
export function maxBytesOf(
  path: string,
  { maxMessageBytes }: GateLimits,
): number {
  return CARRY_MESSAGES.has(path) ? maxMessageBytes : MAX_CONTROL_BYTES;
}

/**
 * Judges a request that is here as a whole, whichever way it came: signature → parsing.
 *
 * @param account what its body takes
 * @param checkType throws a ProtocolError for a body that says it is no JSON
 */
export async function admit(
  arrived: ArrivedRequest,
  account: BodyAccount,
  limits: GateLimits,
  verifier: RequestVerifier,
  checkType?: () => void,
): Promise<Admission> {
  const { path, headers, raw, remoteAddress } = arrived;
  const verdict = await verifier.verify({ method: 'POST', ...arrived });
  if (!verdict.ok) {
    return { passed: false, answer: bareRefusal(verdict), signing: verdict };
  }
  try {
    if (raw.length > 0) {
      checkType?.();
    }
    const body = parse(arrived, account, limits);
    return {
      passed: true,
      body,
      request: {
        takeBody: handOnce(body, account),
        headers,
        remoteAddress,
        ...senderOf(headers, verdict),
        ...signingOf(verdict),
      },
    };
  } catch (error) {
    const answer = answerTo(error, `POST ${pathOf(path)}`);
    return { passed: false, answer, signing: verdict };
  }
}

/** The refusal that an error stands for; one that nobody has thought of is logged, and tells the other side nothing. */
export function answerTo(error: unknown, what: string): Answer {
  if (error instanceof ProtocolError) {
    return refusalAnswer(error);
  }
  logger.error(`${what} failed`, stackOf(error));
  return refusalAnswer(refusals.internal());
}

/** Nothing about the cause: who is not let in learns nothing. */
export function bareRefusal({ status, headers, code }: RequestRefused): Answer {
  const message = STATUS_CODES[status] ?? 'refused';
  return new Answer(status, errorBody(status, message, code), headers);
}

/** Who a request says that it is from, unless it was for another peer. */
export function senderOf(
  headers: IncomingHttpHeaders,
  { anonymous }: RequestAccepted,
): Pick<PeerRequest, 'senderId'> {
  const senderId = headers[PEER_ID_HEADER];
  return isPeerId(senderId) && !anonymous ? { senderId } : {};
}

function parse(
  { path, raw }: ArrivedRequest,
  account: BodyAccount,
  limits: GateLimits,
): JsonValue | undefined {
  if (raw.length === 0) {
    return undefined;
  }
  const maxParsed = maxParsedBytes(pathOf(path), limits);
  return parseJsonBody(raw, limits.maxJsonDepth, (bytes) => {
    if (bytes > maxParsed) {
      throw refusals.tooLarge(maxParsed, 'the body, once parsed,');
    }
    if (!account.growParsed(bytes)) {
      throw refusals.tooMany(RETRY_AFTER);
    }
  });
}

/** What a body of an endpoint can sensibly take in memory: it carries lists of members, or one with some news. */
function maxParsedBytes(path: string, { maxDataBytes }: GateLimits): number {
  if (CARRY_MESSAGES.has(path)) {
    return Infinity;
  }
  return path === ENDPOINTS.sync
    ? MAX_CONTROL_BYTES * PARSED_FACTOR
    : (Math.max(maxDataBytes, MAX_GOSSIP_BYTES) + REST_BYTES) * PARSED_FACTOR;
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
