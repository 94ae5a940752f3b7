import {
  BROADCAST_PATH,
  isPeerId,
  PEER_ID_HEADER,
  STREAM_PATH,
} from '../../wire/endpoints.js';
import type { Keyring } from '../keys/keyring.js';
import type { RefusalLog } from '../refusal-log.js';
import type {
  IncomingPeerRequest,
  RequestAccepted,
  RequestRefused,
  RequestVerifier,
  Verdict,
} from '../security.interface.js';
import { acceptStream } from '../stream/stream-handshake.js';
import { type AnswerContext, signAnswer } from './answer-signature.js';
import { ReplayGuard } from './replay-guard.js';
import {
  ACCEPT_SIGNATURE,
  ACCEPT_SIGNATURE_HEADER,
  BOOT_HEADER,
  COMPONENT,
  componentList,
  CONTENT_DIGEST_HEADER,
  contentDigest,
  MAY_BE_UNBOUND,
  parseRequestInput,
  parseSignature,
  RECEIVER_ID_HEADER,
  type RequestSignatureParameters,
  SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LIFETIME,
  signatureBase,
  type SignedComponent,
  signedHeaders,
  STATUS_PATHS,
  STREAM_KEY_HEADER,
} from './signature-format.js';

/** 32 bytes in base64url. */
const STREAM_KEY = /^[\w-]{43}$/;

const BOOT = /^[\w-]{1,64}$/;

/** A request whose signature can be read; whether it holds is yet to be seen. */
export interface SignedRequestParts {
  senderId: string;
  receiverId: string | undefined;
  /** The start of the receiver as the sender knows it. */
  receiverBoot: string | undefined;
  /** For a stream only. */
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
    isStream !== (path === STREAM_PATH)
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

function isBoot(value: unknown): value is string {
  return typeof value === 'string' && BOOT.test(value);
}

/**
 * Pairs of peers whose checks of each other have come here instead: a few, after a peer has taken over
 * another's address.
 */
const MAX_STRAYS = 1000;

/** Code of the refusal of a request for an earlier start of this peer, or for none. */
export const OTHER_BOOT = 'OTHER_BOOT';

/** Code of the refusal of a request whose nonce is of an earlier boot of its sender than one that was seen. */
export const OLD_NONCE = 'OLD_NONCE';

export interface VerifierConfig {
  keyring: Keyring;
  selfId: () => string;
  /** Unix time in ms. */
  now: () => number;
  /** Ms by which clocks may differ. */
  clockSkew: number;
  replays: ReplayGuard;
  refusals: RefusalLog;
  /**
   * Names this start of the peer, if its id outlives a restart: what was signed for another one is
   * refused then, because nobody remembers whether it was seen.
   */
  boot: string | undefined;
  /** Why requests from an address are refused; undefined if they are let in. */
  senderRefusal: (remoteAddress: string) => string | undefined;
}

/** Lets in what a peer of this cloud signed for this peer, now, and once. */
export class SignedRequestVerifier implements RequestVerifier {
  /** Apart from the others, so that checks that are captured and sent here crowd out nobody. */
  readonly #strays = new ReplayGuard(MAX_STRAYS);

  readonly #config: VerifierConfig;
  readonly #startedAt: number;

  constructor(config: VerifierConfig) {
    this.#config = config;
    this.#startedAt = config.now();
  }

  verify(request: IncomingPeerRequest): Verdict {
    const { refusals, senderRefusal } = this.#config;
    const address = senderRefusal(request.remoteAddress);
    if (address !== undefined) {
      refusals.note(`its address ${address}`, request);
      return { ok: false, status: 403, headers: {} };
    }
    const parts = readSignedRequest(request);
    const verdict =
      typeof parts === 'string' ? parts : this.#judge(request, parts);
    if (typeof verdict !== 'string') {
      return verdict;
    }
    refusals.note(verdict, request);
    const headers = { [ACCEPT_SIGNATURE_HEADER]: ACCEPT_SIGNATURE };
    return { ok: false, status: 401, headers };
  }

  #judge(
    request: IncomingPeerRequest,
    parts: SignedRequestParts,
  ): Verdict | string {
    return (
      this.#refusal(request, parts) ??
      this.#bootRefusal(request, parts) ??
      this.#replayRefusal(parts, request) ??
      this.#accept(request, parts)
    );
  }

  /** Cheapest first, and nothing that costs or remembers before the signature holds. */
  #refusal(
    request: IncomingPeerRequest,
    parts: SignedRequestParts,
  ): string | undefined {
    const { senderId, values, base, signature } = parts;
    return (
      this.#config.keyring.refusal(values.keyId, senderId, base, signature) ??
      this.#timeRefusal(parts) ??
      this.#receiverRefusal(request, parts) ??
      digestRefusal(request)
    );
  }

  #timeRefusal({ values }: SignedRequestParts): string | undefined {
    const { now, clockSkew } = this.#config;
    const { created, expires } = values;
    if (expires - created > SIGNATURE_LIFETIME) {
      return 'it is good for too long';
    }
    if (created * 1000 > now() + clockSkew) {
      return 'it comes from the future: compare the clocks (option security.clockSkew)';
    }
    if (expires * 1000 + clockSkew < now()) {
      return 'it has expired: compare the clocks (option security.clockSkew)';
    }
    return undefined;
  }

  #receiverRefusal(
    { path }: IncomingPeerRequest,
    { receiverId }: SignedRequestParts,
  ): string | undefined {
    if (receiverId === undefined) {
      return MAY_BE_UNBOUND.has(path) ? undefined : 'it names no receiver';
    }
    return this.#isStray(receiverId) && !STATUS_PATHS.has(path)
      ? 'it is for another peer'
      : undefined;
  }

  /**
   * A sender that has not heard of this start of the peer yet learns it from the signed refusal, and
   * asks again. What need not be bound does no harm when it is repeated: a join is checked by calling
   * the joiner, and news is ordered by its members' incarnations. What is for all peers is for no start of
   * theirs: one that may have been signed before this one is asked for again, for this peer alone.
   */
  #bootRefusal(
    request: IncomingPeerRequest,
    { receiverBoot, values }: SignedRequestParts,
  ): Verdict | undefined {
    if (request.path === BROADCAST_PATH) {
      const mayBeOld =
        values.created * 1000 < this.#startedAt + this.#config.clockSkew;
      return mayBeOld ? this.#signedRefusal(request, OTHER_BOOT) : undefined;
    }
    if (
      receiverBoot === this.#config.boot ||
      MAY_BE_UNBOUND.has(request.path)
    ) {
      return undefined;
    }
    return this.#signedRefusal(request, OTHER_BOOT);
  }

  /** One that the sender is to believe: it has done nothing, and is worth asking again. */
  #signedRefusal(
    request: IncomingPeerRequest,
    code: string,
    latestNonce?: number,
  ): RequestRefused {
    return {
      ok: false,
      status: 401,
      headers: {},
      code,
      signAnswer: this.#signing(request, latestNonce),
    };
  }

  /**
   * A check meant for another peer is answered like a stranger's, but once, too. A sender whose clock went
   * back before it started again learns the boot that its own must follow, and asks again.
   */
  #replayRefusal(
    { senderId, receiverId, values }: SignedRequestParts,
    request: IncomingPeerRequest,
  ): Verdict | string | undefined {
    const { now, clockSkew } = this.#config;
    const replays = this.#isStray(receiverId)
      ? this.#strays
      : this.#config.replays;
    const receiver = receiverId === undefined ? 'any' : `to ${receiverId}`;
    const sender = `${receiver} ${senderId}`;
    const expires = values.expires * 1000 + clockSkew;
    if (replays.accept(sender, values, expires, now())) {
      return undefined;
    }
    const latest = replays.bootOf(sender);
    if (latest !== undefined && values.boot < latest) {
      return this.#signedRefusal(request, OLD_NONCE, latest);
    }
    return 'it was seen before, or is too old to tell';
  }

  #accept(
    request: IncomingPeerRequest,
    { receiverId, streamKey }: SignedRequestParts,
  ): RequestAccepted | string {
    const verdict: RequestAccepted = {
      ok: true,
      signAnswer: this.#signing(request),
    };
    if (this.#isStray(receiverId)) {
      verdict.anonymous = true;
    }
    if (streamKey !== undefined) {
      const acceptance = acceptStream(this.#contextOf(request), streamKey);
      if (!acceptance) {
        return 'its stream key is no key';
      }
      verdict.acceptStream = () => acceptance;
    }
    return verdict;
  }

  #signing(
    request: IncomingPeerRequest,
    latestNonce?: number,
  ): RequestAccepted['signAnswer'] {
    return (status, body) => {
      const context = this.#contextOf(request);
      return signAnswer({ ...context, latestNonce }, status, body);
    };
  }

  #contextOf({ headers }: IncomingPeerRequest): AnswerContext {
    const { keyring, selfId, boot, now } = this.#config;
    return {
      keyring,
      selfId: selfId(),
      boot,
      requestSignature: String(headers[SIGNATURE_HEADER]),
      now: now(),
    };
  }

  /** True for what names another receiver than this peer. */
  #isStray(receiverId: string | undefined): boolean {
    return receiverId !== undefined && receiverId !== this.#config.selfId();
  }
}

function digestRefusal({
  raw,
  headers,
}: IncomingPeerRequest): string | undefined {
  return raw === undefined ||
    headers[CONTENT_DIGEST_HEADER] === contentDigest(raw)
    ? undefined
    : 'its body is not what was signed';
}
