import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  BROADCAST_PATH,
  ENDPOINTS,
  STATUS_ALIAS,
} from '../../wire/endpoints.js';
import { CHANNEL_HEADER, METADATA_HEADER } from '../../wire/message-head.js';

/** Name of our signature in `signature` and `signature-input`, and its `tag` (RFC 9421, section 2.3). */
export const SIGNATURE_LABEL = 'peercloud';

export const SIGNATURE_HEADER = 'signature';
export const SIGNATURE_INPUT_HEADER = 'signature-input';
export const ACCEPT_SIGNATURE_HEADER = 'accept-signature';

/** Id of the peer that a request is for. A request captured on its way there is refused elsewhere. */
export const RECEIVER_ID_HEADER = 'x-peercloud-to';

/**
 * Start of the peer that a request is for, and in an answer that of the peer that signed it. What was
 * captured before a restart is refused after it, even if the id is the same.
 */
export const BOOT_HEADER = 'x-peercloud-boot';

/**
 * In the refusal of a request whose nonce is of an earlier boot than the receiver has seen: that boot. The
 * clock of a sender that started again may have gone back.
 */
export const NONCE_HEADER = 'x-peercloud-nonce';

/** Ephemeral X25519 key of one side of a stream: 43 characters of base64url. */
export const STREAM_KEY_HEADER = 'x-peercloud-key';

/** Seconds that a signature is good for. */
export const SIGNATURE_LIFETIME = 30;

/** A peer that took over the address of another answers these for it, with its own id. */
export const STATUS_PATHS: ReadonlySet<string> = new Set([
  ENDPOINTS.status,
  STATUS_ALIAS,
]);

/** Requests to peers whose id, or start, may not be known yet, or to all of them. */
export const MAY_BE_UNBOUND: ReadonlySet<string> = new Set([
  ENDPOINTS.join,
  ...STATUS_PATHS,
  BROADCAST_PATH,
]);

/** Identifiers of the components that signatures cover. */
export const COMPONENT = {
  method: '"@method"',
  path: '"@path"',
  status: '"@status"',
  digest: '"content-digest"',
  senderId: '"x-peercloud-id"',
  receiverId: '"x-peercloud-to"',
  boot: '"x-peercloud-boot"',
  streamKey: '"x-peercloud-key"',
  requestSignature: `"signature";req;key="${SIGNATURE_LABEL}"`,
} as const;

/** What a 401 asks for (RFC 9421, section 5.1). */
export const ACCEPT_SIGNATURE =
  `${SIGNATURE_LABEL}=(${COMPONENT.method} ${COMPONENT.path} ${COMPONENT.digest} ${COMPONENT.senderId} ${COMPONENT.receiverId})` +
  `;created;expires;nonce;keyid;tag="${SIGNATURE_LABEL}"`;

/** Header with the digest of the body's bytes. */
export const CONTENT_DIGEST_HEADER = 'content-digest';

/** Value of `content-digest` for these bytes, as they are on the wire (RFC 9530, section 2). */
export function contentDigest(body: Buffer | undefined): string {
  const hash = createHash('sha256');
  if (body) {
    hash.update(body);
  }
  return `sha-256=:${hash.digest('base64')}:`;
}

/** One line of what is signed: the component's identifier as it stands in `signature-input`, and its value. */
export type SignedComponent = readonly [identifier: string, value: string];

/**
 * The text that is signed (RFC 9421, section 2.5). `parameters` is the inner list with its parameters,
 * exactly as in `signature-input`.
 */
export function signatureBase(
  components: readonly SignedComponent[],
  parameters: string,
): string {
  let base = '';
  for (const [identifier, value] of components) {
    base += `${identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": ${parameters}`;
}

/** The inner list of identifiers: `("@method" "@path")`. */
export function componentList(components: readonly SignedComponent[]): string {
  return `(${components.map(([identifier]) => identifier).join(' ')})`;
}

/** Parameters of a request's signature; an answer's has `created`, `keyid` and `tag` only. */
export interface RequestSignatureParameters {
  /** Unix time in seconds. */
  created: number;
  expires: number;
  /** Start of the sender's counter: Unix time in ms. */
  boot: number;
  counter: number;
  keyId: string;
}

/** What is read from `signature-input`. */
export interface ParsedInput<T> {
  /** The inner list of component identifiers, exactly as it stands there. */
  components: string;
  /** Inner list and parameters: what the last line of the signature base repeats. */
  parameters: string;
  values: T;
}

const LABEL = `${SIGNATURE_LABEL}=`;
const TAG = `tag="${SIGNATURE_LABEL}"`;
const COMPONENTS = String.raw`(\([^()]{1,256}\))`;
const KEY_ID = String.raw`keyid="([\w-]{1,128})"`;
const REQUEST_INPUT = new RegExp(
  String.raw`^${LABEL}(${COMPONENTS};created=(\d{1,12});expires=(\d{1,12});nonce="(\d{1,15})\.(\d{1,15})";${KEY_ID};${TAG})$`,
);
const ANSWER_INPUT = new RegExp(
  String.raw`^${LABEL}(${COMPONENTS};created=(\d{1,12});${KEY_ID};${TAG})$`,
);
const SIGNATURE = new RegExp(
  String.raw`^${LABEL}:([A-Za-z0-9+/]{43,86}={0,2}):$`,
);

/** Parameters for the signature of a request, after its component list. */
export function requestParameters(
  components: string,
  values: RequestSignatureParameters,
): string {
  const { created, expires, boot, counter, keyId } = values;
  return `${components};created=${created};expires=${expires};nonce="${boot}.${counter}";keyid="${keyId}";${TAG}`;
}

/** Parameters for the signature of an answer, after its component list. */
export function answerParameters(
  components: string,
  created: number,
  keyId: string,
): string {
  return `${components};created=${created};keyid="${keyId}";${TAG}`;
}

/**
 * Reads `signature-input` of a request. One signature in this project's own order of parameters is all
 * that is understood: whatever could be read in two ways is refused (undefined).
 */
export function parseRequestInput(
  header: unknown,
): ParsedInput<RequestSignatureParameters> | undefined {
  const match = typeof header === 'string' && REQUEST_INPUT.exec(header);
  if (!match) {
    return undefined;
  }
  return {
    parameters: match[1]!,
    components: match[2]!,
    values: {
      created: Number(match[3]),
      expires: Number(match[4]),
      boot: Number(match[5]),
      counter: Number(match[6]),
      keyId: match[7]!,
    },
  };
}

/** Reads `signature-input` of an answer; undefined for everything that is not exactly as it should be. */
export function parseAnswerInput(
  header: unknown,
): ParsedInput<{ created: number; keyId: string }> | undefined {
  const match = typeof header === 'string' && ANSWER_INPUT.exec(header);
  if (!match) {
    return undefined;
  }
  return {
    parameters: match[1]!,
    components: match[2]!,
    values: { created: Number(match[3]), keyId: match[4]! },
  };
}

/** The headers that say something beside the body, as far as a request has them. */
export function signedHeaders(
  path: string,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const signed: Record<string, string> = {};
  if (path === ENDPOINTS.message || path === BROADCAST_PATH) {
    for (const name of [CHANNEL_HEADER, METADATA_HEADER]) {
      if (headers[name] !== undefined) {
        signed[name] = String(headers[name]);
      }
    }
  }
  return signed;
}

/** Value of the `signature` header. */
export function formatSignature(signature: Buffer): string {
  return `${LABEL}:${signature.toString('base64')}:`;
}

/** The signature in a `signature` header: undefined unless it has exactly one, ours. */
export function parseSignature(header: unknown): Buffer | undefined {
  const match = typeof header === 'string' && SIGNATURE.exec(header);
  return match ? Buffer.from(match[1]!, 'base64') : undefined;
}

/** A `signature` header without its label: what an answer to it covers. */
export function signatureMember(header: string): string {
  return header.slice(LABEL.length);
}
