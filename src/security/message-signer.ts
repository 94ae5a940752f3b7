import { messageOf } from '../errors/error-text.js';
import { PEER_ID_HEADER } from '../wire/endpoints.js';
import type { ExchangeAnswer } from '../transport/exchange.js';
import type {
  ExchangeSecurity,
  OutgoingRequest,
  SignedRequest,
} from '../transport/exchange-security.interface.js';
import { verifyAnswer } from './answer-signature.js';
import type { Keyring } from './keys/keyring.interface.js';
import { StaleRequestError } from '../transport/stale-request.error.js';
import type { LimitedLog } from '../util/limited-log.js';
import { NonceSource } from './nonce-source.js';
import { ReceiverBoots } from './receiver-boots.js';
import {
  CONTENT_DIGEST_HEADER,
  contentDigest,
} from './signature/content-digest.js';
import { MAY_BE_UNBOUND, signedHeaders } from './signed-request.js';
import {
  BOOT_HEADER,
  COMPONENT,
  RECEIVER_ID_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LABEL,
  SIGNATURE_LIFETIME,
} from './signature/signature.constants.js';
import {
  componentList,
  signatureBase,
  type SignedComponent,
} from './signature/signature-base.js';
import {
  formatSignature,
  requestParameters,
} from './signature/signature-parameters.js';

export interface MessageSignerConfig {
  keyring: Keyring;
  selfId: () => string;
  /** Unix time in ms. */
  now: () => number;
  /** Receivers whose counters and starts are remembered. */
  maxReceivers: number;
  /** Told of answers that are not believed. */
  log: LimitedLog;
}

/** Signs the requests of one peer (RFC 9421) and judges the answers to them. */
export class MessageSigner implements ExchangeSecurity {
  /** What is known of the receivers' starts. */
  readonly boots: ReceiverBoots;
  readonly #nonces: NonceSource;

  readonly #config: MessageSignerConfig;

  constructor(config: MessageSignerConfig) {
    this.#config = config;
    this.boots = new ReceiverBoots(config.maxReceivers);
    this.#nonces = new NonceSource(config.maxReceivers, config.now);
  }

  sign(request: OutgoingRequest): SignedRequest {
    const digest = contentDigest(request.body);
    const headers = this.signHeaders(request, {
      [CONTENT_DIGEST_HEADER]: digest,
      ...signedHeaders(request.path, request.headers ?? {}),
    });
    return {
      headers,
      checkAnswer: (answer) => this.#check(request, headers, answer),
    };
  }

  #check(
    { origin, receiverId }: OutgoingRequest,
    sent: Record<string, string>,
    answer: ExchangeAnswer,
  ): string {
    const signerId = this.#signerOf(origin, sent[SIGNATURE_HEADER]!, answer);
    const isStale = this.boots.learn(signerId, answer, sent[BOOT_HEADER]);
    if (isStale && signerId === receiverId) {
      throw new StaleRequestError(origin);
    }
    return signerId;
  }

  #signerOf(origin: string, signature: string, answer: ExchangeAnswer): string {
    const { keyring, log } = this.#config;
    try {
      return verifyAnswer(keyring, signature, answer);
    } catch (error) {
      log.warn(`no answer from ${origin}`, messageOf(error));
      throw error;
    }
  }

  /**
   * Signs method, path, the own id, the receiver's, its start where it is known, and what `extra` has;
   * gives all of these headers with the signature.
   */
  signHeaders(
    {
      method,
      path,
      receiverId,
    }: Pick<OutgoingRequest, 'method' | 'path' | 'receiverId'>,
    extra: Record<string, string>,
  ): Record<string, string> {
    const { keyring, selfId, now } = this.#config;
    const headers: Record<string, string> = {
      ...extra,
      [PEER_ID_HEADER]: selfId(),
    };
    if (receiverId !== undefined) {
      headers[RECEIVER_ID_HEADER] = receiverId;
      const boot = MAY_BE_UNBOUND.has(path)
        ? undefined
        : this.boots.of(receiverId);
      if (boot !== undefined) {
        headers[BOOT_HEADER] = boot;
      }
    }
    const components: SignedComponent[] = [
      [COMPONENT.method, method],
      [COMPONENT.path, path],
      ...Object.entries(headers).map(([name, value]): SignedComponent => [
        `"${name}"`,
        value,
      ]),
    ];
    const created = Math.floor(now() / 1000);
    const parameters = requestParameters(componentList(components), {
      created,
      expires: created + SIGNATURE_LIFETIME,
      keyId: keyring.keyId,
      ...this.#nonces.next(receiverId ?? ''),
    });
    const signature = keyring.sign(signatureBase(components, parameters));
    headers[SIGNATURE_INPUT_HEADER] = `${SIGNATURE_LABEL}=${parameters}`;
    headers[SIGNATURE_HEADER] = formatSignature(signature);
    return headers;
  }
}
