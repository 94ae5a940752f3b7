import type { IncomingHttpHeaders } from 'node:http';
import {
  ENDPOINTS,
  isPeerId,
  PEER_ID_HEADER,
  STATUS_ALIAS,
} from '../wire/endpoints.js';
import { CHANNEL_HEADER, METADATA_HEADER } from '../wire/message-head.js';
import type { IncomingPeerRequest } from './request-verifier.interface.js';
import { CONTENT_DIGEST_HEADER } from './signature/content-digest.js';
import {
  BOOT_HEADER,
  COMPONENT,
  RECEIVER_ID_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  STREAM_KEY_HEADER,
} from './signature/signature.constants.js';
import {
  componentList,
  signatureBase,
  type SignedComponent,
} from './signature/signature-base.js';
import {
  parseRequestInput,
  parseSignature,
  type RequestSignatureParameters,
} from './signature/signature-parameters.js';

/** A peer that took over the address of another answers these for it, with its own id. */
export const STATUS_PATHS: ReadonlySet<string> = new Set([
  ENDPOINTS.status,
  STATUS_ALIAS,
]);

/** Requests to peers whose id, or start, may not be known yet. */
export const MAY_BE_UNBOUND: ReadonlySet<string> = new Set([
  ENDPOINTS.join,
  ...STATUS_PATHS,
]);

/** 32 bytes in base64url. */
const STREAM_KEY = /^[\w-]{43}$/;

const BOOT = /^[\w-]{1,64}$/;

/** A request whose signature can be read; whether it holds is yet to be seen. */
export interface SignedRequestParts {
  senderId: string;
  receiverId: string | undefined;
  /** The start of the receiver as the sender knows it. */
  receiverBoot: string | undefined;
  /** For `/stream` only. */
  streamKey: string | undefined;
  values: RequestSignatureParameters;
  base: string;
  signature: Buffer;
}

/**
 * Takes a request apart. The list of what is signed must be exactly the one that this request calls
 * for: a signature that covers less, or other things, is none. A string says what is wrong.
 */
export function readSignedRequest(
  request: IncomingPeerRequest,
): SignedRequestParts | string {
  const { method, path, headers, raw } = request;
  if (headers[SIGNATURE_INPUT_HEADER] === undefined) {
    return 'it is not signed';
  }
  const input = parseRequestInput(headers[SIGNATURE_INPUT_HEADER]);
  const signature = parseSignature(headers[SIGNATURE_HEADER]);
  const senderId = headers[PEER_ID_HEADER];
  const receiverId = headers[RECEIVER_ID_HEADER];
  const receiverBoot = headers[BOOT_HEADER];
  const isStream = raw === undefined;
  const bodyHeader = isStream ? STREAM_KEY_HEADER : CONTENT_DIGEST_HEADER;
  const bodyValue = headers[bodyHeader];
  if (
    !input ||
    !signature ||
    !isPeerId(senderId) ||
    (receiverId !== undefined && !isPeerId(receiverId)) ||
    (receiverBoot !== undefined && !isBoot(receiverBoot)) ||
    typeof bodyValue !== 'string' ||
    (isStream && !STREAM_KEY.test(bodyValue)) ||
    isStream !== (path === ENDPOINTS.stream)
  ) {
    return 'its signature cannot be read';
  }
  const components: SignedComponent[] = [
    [COMPONENT.method, method],
    [COMPONENT.path, path],
    [isStream ? COMPONENT.streamKey : COMPONENT.digest, bodyValue],
    ...Object.entries(signedHeaders(path, headers)).map(
      ([name, value]): SignedComponent => [`"${name}"`, value],
    ),
    [COMPONENT.senderId, senderId],
  ];
  if (receiverId !== undefined) {
    components.push([COMPONENT.receiverId, receiverId]);
  }
  if (receiverBoot !== undefined) {
    components.push([COMPONENT.boot, receiverBoot]);
  }
  if (input.components !== componentList(components)) {
    return 'its signature does not cover what it must';
  }
  return {
    senderId,
    receiverId,
    receiverBoot,
    streamKey: isStream ? bodyValue : undefined,
    values: input.values,
    base: signatureBase(components, input.parameters),
    signature,
  };
}

/** The headers that say something beside the body, as far as a request has them. */
export function signedHeaders(
  path: string,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const signed: Record<string, string> = {};
  if (path === ENDPOINTS.message) {
    for (const name of [CHANNEL_HEADER, METADATA_HEADER]) {
      if (headers[name] !== undefined) {
        signed[name] = String(headers[name]);
      }
    }
  }
  return signed;
}

function isBoot(value: unknown): value is string {
  return typeof value === 'string' && BOOT.test(value);
}
