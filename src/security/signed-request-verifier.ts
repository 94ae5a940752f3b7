import { ENDPOINTS, STATUS_ALIAS } from '../wire/endpoints.js';
import { signAnswer, type AnswerContext } from './answer-signature.js';
import type { Keyring } from './keys/keyring.interface.js';
import type { RefusalLog } from './refusal-log.js';
import type { ReplayGuard } from './replay-guard.js';
import type {
  IncomingPeerRequest,
  RequestAccepted,
  RequestVerifier,
  Verdict,
} from './request-verifier.interface.js';
import {
  readSignedRequest,
  type SignedRequestParts,
} from './signed-request.js';
import {
  CONTENT_DIGEST_HEADER,
  contentDigest,
} from './signature/content-digest.js';
import {
  ACCEPT_SIGNATURE,
  ACCEPT_SIGNATURE_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_LIFETIME,
} from './signature/signature.constants.js';
import { acceptStream } from './stream/stream-handshake.js';

/** A peer that took over the address of another answers these for it, with its own id. */
const STATUS_PATHS: ReadonlySet<string> = new Set([
  ENDPOINTS.status,
  STATUS_ALIAS,
]);

/** Requests to peers whose id may not be known yet. */
const MAY_BE_UNBOUND: ReadonlySet<string> = new Set([
  ENDPOINTS.join,
  ...STATUS_PATHS,
]);

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
   * Unix time in ms when this peer started, if its id outlives a restart: what was signed before is
   * refused then, because nobody remembers whether it was seen.
   */
  notBefore: number | undefined;
  /** Why requests from an address are refused; undefined if they are let in. */
  senderRefusal: (remoteAddress: string) => string | undefined;
}

/** Lets in what a peer of this cloud signed for this peer, now, and once. */
export class SignedRequestVerifier implements RequestVerifier {
  constructor(private readonly config: VerifierConfig) {}

  verify(request: IncomingPeerRequest): Verdict {
    const { refusals, senderRefusal } = this.config;
    const address = senderRefusal(request.remoteAddress);
    if (address !== undefined) {
      refusals.note(`its address ${address}`, request);
      return { ok: false, status: 403, headers: {} };
    }
    const parts = readSignedRequest(request);
    const verdict =
      typeof parts === 'string'
        ? parts
        : (this.refusal(request, parts) ?? this.accept(request, parts));
    if (typeof verdict !== 'string') return verdict;
    refusals.note(verdict, request);
    const headers = { [ACCEPT_SIGNATURE_HEADER]: ACCEPT_SIGNATURE };
    return { ok: false, status: 401, headers };
  }

  /** Cheapest first, and nothing that costs or remembers before the signature holds. */
  private refusal(
    request: IncomingPeerRequest,
    parts: SignedRequestParts,
  ): string | undefined {
    const { senderId, values, base, signature } = parts;
    return (
      this.config.keyring.refusal(values.keyId, senderId, base, signature) ??
      this.timeRefusal(parts) ??
      this.receiverRefusal(request, parts) ??
      digestRefusal(request) ??
      this.replayRefusal(parts)
    );
  }

  private timeRefusal({ values }: SignedRequestParts): string | undefined {
    const { now, clockSkew, notBefore } = this.config;
    const { created, expires } = values;
    if (expires - created > SIGNATURE_LIFETIME)
      return 'it is good for too long';
    if (created * 1000 > now() + clockSkew) {
      return 'it comes from the future: compare the clocks (option security.clockSkew)';
    }
    if (expires * 1000 + clockSkew < now()) {
      return 'it has expired: compare the clocks (option security.clockSkew)';
    }
    return notBefore !== undefined && created < Math.floor(notBefore / 1000)
      ? 'it was signed before this peer started'
      : undefined;
  }

  private receiverRefusal(
    { path }: IncomingPeerRequest,
    { receiverId }: SignedRequestParts,
  ): string | undefined {
    if (receiverId === undefined) {
      return MAY_BE_UNBOUND.has(path) ? undefined : 'it names no receiver';
    }
    return this.isForSelf(receiverId) || STATUS_PATHS.has(path)
      ? undefined
      : 'it is for another peer';
  }

  private replayRefusal({
    senderId,
    receiverId,
    values,
  }: SignedRequestParts): string | undefined {
    const { replays, now, clockSkew } = this.config;
    // A check meant for another peer is answered like a stranger's: nothing is remembered of it.
    if (receiverId !== undefined && !this.isForSelf(receiverId)) {
      return undefined;
    }
    const sender = `${receiverId === undefined ? 'any' : 'self'} ${senderId}`;
    const expires = values.expires * 1000 + clockSkew;
    return replays.accept(sender, values, expires, now())
      ? undefined
      : 'it was seen before, or is too old to tell';
  }

  private accept(
    request: IncomingPeerRequest,
    { receiverId, streamKey }: SignedRequestParts,
  ): RequestAccepted | string {
    const { keyring, selfId, now } = this.config;
    const context = (): AnswerContext => ({
      keyring,
      selfId: selfId(),
      requestSignature: String(request.headers[SIGNATURE_HEADER]),
      now: now(),
    });
    const verdict: RequestAccepted = {
      ok: true,
      signAnswer: (status, body) => signAnswer(context(), status, body),
    };
    if (receiverId !== undefined && !this.isForSelf(receiverId)) {
      verdict.anonymous = true;
    }
    if (streamKey !== undefined) {
      const acceptance = acceptStream(context(), streamKey);
      if (!acceptance) return 'its stream key is no key';
      verdict.acceptStream = () => acceptance;
    }
    return verdict;
  }

  private isForSelf(receiverId: string): boolean {
    return receiverId === this.config.selfId();
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
