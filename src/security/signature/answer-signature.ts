import type { IncomingHttpHeaders } from 'node:http';
import type { ExchangeAnswer } from '../../transport/peer-transport.interface.js';
import { TransportError } from '../../transport/transport.error.js';
import { isPeerId, PEER_ID_HEADER } from '../../wire/endpoints.js';
import type { Keyring } from '../keys/keyring.js';
import {
  answerParameters,
  BOOT_HEADER,
  COMPONENT,
  NONCE_HEADER,
  componentList,
  CONTENT_DIGEST_HEADER,
  contentDigest,
  formatSignature,
  parseAnswerInput,
  parseSignature,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LABEL,
  signatureBase,
  signatureMember,
  type SignedComponent,
  STREAM_KEY_HEADER,
} from './signature-format.js';

/** Who signs an answer, and the `signature` header of the request it is bound to. */
export interface AnswerContext {
  keyring: Keyring;
  selfId: string;
  /** The start of this peer, if its id outlives a restart. */
  boot: string | undefined;
  requestSignature: string;
  /** The sender's latest boot, where the request is refused because it names an earlier one. */
  latestNonce?: number;
  /** Unix time in ms. */
  now: number;
}

/** Headers of an answer that are signed where they are there, in this order. */
const OPTIONAL_HEADERS = [BOOT_HEADER, NONCE_HEADER];

/** Headers that sign an answer (RFC 9421, section 2.4: its request's signature is part of what is signed). */
export function signAnswer(
  context: AnswerContext,
  status: number,
  body: Buffer,
): Record<string, string> {
  return sign(context, status, {
    [CONTENT_DIGEST_HEADER]: contentDigest(body),
  });
}

/** Status of the answer that opens a stream. */
const SWITCHING_PROTOCOLS = 101;

/** The same for the answer that opens a stream, whose first bytes are yet to come. */
export function signStreamAnswer(
  context: AnswerContext,
  streamKey: string,
): Record<string, string> {
  return sign(context, SWITCHING_PROTOCOLS, {
    [STREAM_KEY_HEADER]: streamKey,
  });
}

function sign(
  context: AnswerContext,
  status: number,
  extra: Record<string, string>,
): Record<string, string> {
  const { keyring, selfId, boot, requestSignature, latestNonce, now } = context;
  const headers: Record<string, string> = {
    ...extra,
    [PEER_ID_HEADER]: selfId,
    ...(boot !== undefined && { [BOOT_HEADER]: boot }),
    ...(latestNonce !== undefined && { [NONCE_HEADER]: String(latestNonce) }),
  };
  const components = answerComponents(status, headers, requestSignature);
  const parameters = answerParameters(
    componentList(components),
    Math.floor(now / 1000),
    keyring.keyId,
  );
  const signature = keyring.sign(signatureBase(components, parameters));
  headers[SIGNATURE_INPUT_HEADER] = `${SIGNATURE_LABEL}=${parameters}`;
  headers[SIGNATURE_HEADER] = formatSignature(signature);
  return headers;
}

/**
 * Judges an answer and gives the id of the peer that signed it. Throws a TransportError (`BAD_ANSWER`)
 * if nobody did, or not for this request: to a signed request an unsigned answer says nothing.
 */
export function verifyAnswer(
  keyring: Keyring,
  requestSignature: string,
  answer: ExchangeAnswer,
): string {
  const { headers, body } = answer;
  const signerId = verify(
    keyring,
    requestSignature,
    answer,
    CONTENT_DIGEST_HEADER,
  );
  if (headers[CONTENT_DIGEST_HEADER] !== contentDigest(body)) {
    throw badAnswer('its body is not what was signed');
  }
  return signerId;
}

/** Judges the head of the answer that opens a stream and gives the id of the peer that signed it. */
export function verifyStreamAnswer(
  keyring: Keyring,
  requestSignature: string,
  headers: IncomingHttpHeaders,
): string {
  const answer = { status: SWITCHING_PROTOCOLS, headers };
  return verify(keyring, requestSignature, answer, STREAM_KEY_HEADER);
}

/** The same for one that refuses a stream; its body says nothing that is of use. */
export function verifyStreamRefusal(
  keyring: Keyring,
  requestSignature: string,
  answer: Omit<ExchangeAnswer, 'body'>,
): string {
  return verify(keyring, requestSignature, answer, CONTENT_DIGEST_HEADER);
}

function verify(
  keyring: Keyring,
  requestSignature: string,
  { status, headers }: Omit<ExchangeAnswer, 'body'>,
  signedHeader: string,
): string {
  if (headers[SIGNATURE_INPUT_HEADER] === undefined) {
    throw badAnswer(`its status ${status} is not signed${hint(status)}`);
  }
  const input = parseAnswerInput(headers[SIGNATURE_INPUT_HEADER]);
  const signature = parseSignature(headers[SIGNATURE_HEADER]);
  const signerId = headers[PEER_ID_HEADER];
  const extra = single(headers, signedHeader);
  if (!input || !signature || !isPeerId(signerId) || extra === undefined) {
    throw badAnswer('its signature cannot be read');
  }
  const components = answerComponents(
    status,
    {
      [signedHeader]: extra,
      [PEER_ID_HEADER]: signerId,
      ...optionalHeaders(headers),
    },
    requestSignature,
  );
  const refusal =
    input.components === componentList(components)
      ? keyring.refusal(
          input.values.keyId,
          signerId,
          signatureBase(components, input.parameters),
          signature,
        )
      : 'it does not cover what it must';
  if (refusal !== undefined) {
    throw badAnswer(`its signature: ${refusal}`);
  }
  return signerId;
}

function answerComponents(
  status: number,
  headers: Record<string, string>,
  requestSignature: string,
): SignedComponent[] {
  return [
    [COMPONENT.status, String(status)],
    ...Object.entries(headers).map(([name, value]): SignedComponent => [
      `"${name}"`,
      value,
    ]),
    [COMPONENT.requestSignature, signatureMember(requestSignature)],
  ];
}

function optionalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of OPTIONAL_HEADERS) {
    const value = single(headers, name);
    if (value !== undefined) {
      found[name] = value;
    }
  }
  return found;
}

function single(
  headers: IncomingHttpHeaders,
  name: string,
): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function hint(status: number): string {
  switch (status) {
    case 401:
      return ': it refuses our signature (other secret or keys, or clocks that differ)';
    case 403:
    case 404:
      return ': it may be a peer without the security option';
    default:
      return '';
  }
}

function badAnswer(what: string): TransportError {
  return new TransportError('BAD_ANSWER', `the answer is refused: ${what}`);
}
