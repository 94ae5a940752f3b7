import { messageOf } from '../../errors/error-text.js';
import type {
  ExchangeAnswer,
  ExchangeSecurity,
  OutgoingRequest,
  SignedRequest,
} from '../../transport/peer-transport.interface.js';
import { StaleRequestError } from '../../transport/transport.error.js';
import { BoundedMap } from '../../util/bounded-map.js';
import type { LimitedLog } from '../../util/limited-log.js';
import { PEER_ID_HEADER } from '../../wire/endpoints.js';
import type { Keyring } from '../keys/keyring.js';
import { verifyAnswer } from './answer-signature.js';
import {
  BOOT_HEADER,
  COMPONENT,
  componentList,
  CONTENT_DIGEST_HEADER,
  contentDigest,
  formatSignature,
  MAY_BE_UNBOUND,
  NONCE_HEADER,
  RECEIVER_ID_HEADER,
  requestParameters,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LABEL,
  SIGNATURE_LIFETIME,
  signatureBase,
  type SignedComponent,
  signedHeaders,
} from './signature-format.js';

/** Ms by which a receiver may say that this peer's clock was ahead at an earlier start. */
const MAX_NONCE_LEAD = 86_400_000;

/** A nonce: a counter that starts at 0 at each boot. */
export interface Nonce {
  /** Unix time in ms, later for each new counter. */
  boot: number;
  counter: number;
}

/**
 * Nonces that each receiver sees as one rising counter, so that its window need not be wide. The counters
 * of receivers called longest ago are forgotten; a new one then starts as a later boot.
 */
export class NonceSource {
  readonly #counters: BoundedMap<string, Nonce>;
  #lastBoot = 0;

  readonly #now: () => number;

  constructor(maxReceivers: number, now: () => number) {
    this.#counters = new BoundedMap(maxReceivers);
    this.#now = now;
  }

  /** The next nonce for a receiver; '' stands for all whose id is not known yet. */
  next(receiverId: string): Nonce {
    const nonce = this.#counters.get(receiverId) ?? this.#newCounter();
    nonce.counter++;
    this.#counters.set(receiverId, nonce);
    return nonce;
  }

  /**
   * Lets the counter for a receiver follow a boot that it has seen, after the clock went back. False for
   * one that is too far ahead to be believed.
   */
  follow(receiverId: string, boot: number): boolean {
    if (!Number.isSafeInteger(boot) || boot > this.#now() + MAX_NONCE_LEAD) {
      return false;
    }
    const known = this.#counters.get(receiverId);
    if (!known || known.boot <= boot) {
      this.#counters.set(receiverId, { boot: boot + 1, counter: -1 });
    }
    return true;
  }

  #newCounter(): Nonce {
    this.#lastBoot = Math.max(this.#lastBoot + 1, this.#now());
    return { boot: this.#lastBoot, counter: -1 };
  }
}

/**
 * The starts of other peers, as their last genuine answers named them: a request is signed for one of
 * them. Peers whose ids do not outlive a restart name none.
 */
export class ReceiverBoots {
  readonly #boots: BoundedMap<string, string | undefined>;

  constructor(maxReceivers: number) {
    this.#boots = new BoundedMap(maxReceivers);
  }

  /** The start that a request to this peer is for; undefined where there is none, or none is known. */
  of(receiverId: string): string | undefined {
    return this.#boots.get(receiverId);
  }

  /**
   * Learns from an answer whose signature holds. True if it refuses the request because that was for
   * another start than the one that answers: nothing was done, and it is worth asking again.
   */
  learn(
    signerId: string,
    { status, headers }: Omit<ExchangeAnswer, 'body'>,
    sent: string | undefined,
  ): boolean {
    const boot = headers[BOOT_HEADER] as string | undefined;
    if (this.#boots.get(signerId) !== boot) {
      this.#boots.set(signerId, boot);
    }
    return status === 401 && boot !== sent;
  }
}

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
    if (this.learn(receiverId, signerId, answer, sent[BOOT_HEADER])) {
      throw new StaleRequestError(origin, signerId);
    }
    return signerId;
  }

  /**
   * Learns from an answer whose signature holds what the next request must be signed for. True if it
   * refuses this one for want of that: nothing was done, and it is worth asking again.
   * @param receiverId the peer that was asked; undefined where its id was not known
   * @param boot the receiver's start that the request was for
   */
  learn(
    receiverId: string | undefined,
    signerId: string,
    answer: Omit<ExchangeAnswer, 'body'>,
    boot: string | undefined,
  ): boolean {
    const isOtherBoot = this.boots.learn(signerId, answer, boot);
    if (receiverId !== undefined && signerId !== receiverId) {
      return false;
    }
    const latest = answer.headers[NONCE_HEADER];
    const isOldNonce =
      answer.status === 401 &&
      typeof latest === 'string' &&
      this.#nonces.follow(receiverId ?? '', Number(latest));
    return isOldNonce || (isOtherBoot && receiverId !== undefined);
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
