import type { Writable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import {
  type Member,
  type MembershipCore,
  PeerDirectory,
  type RequestOrigin,
} from '../../membership/index.js';
import {
  BAD_HEAD,
  headOf,
  MessageRouter,
  replyText,
} from '../../messaging/index.js';
import { ObserveError, ObserveService } from '../../observe/index.js';
import type { ResolvedLimitOptions } from '../../options/limits.options.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../../options/peer-cloud.tokens.js';
import {
  errorBody,
  type JoinAnswer,
  type JoinRequest,
} from '../../wire/bodies.js';
import {
  BROADCAST_PATH,
  ENDPOINTS,
  STATUS_ALIAS,
} from '../../wire/endpoints.js';
import { isJsonObject, JsonText } from '../../wire/json.js';
import { Answer } from '../answer.js';
import {
  readJoin,
  readJoined,
  readLeft,
  readUpdate,
} from '../dto/protocol.dto.js';
import { readObject } from '../dto/read-dto.js';
import { answerTo } from '../gate/admission.js';
import {
  type PeerRequest,
  requireMember,
  senderKey,
} from '../gate/peer-request.js';
import { RequestLimiter } from '../gate/request-limiter.js';
import { refusals } from '../protocol.error.js';

/** What each endpoint does (PROTOCOL.md, sections 2 and 4), whichever way its requests came. */
@Injectable()
export class EndpointWorks {
  readonly #core: MembershipCore;
  readonly #limits: ResolvedLimitOptions;
  readonly #limiter: RequestLimiter;
  readonly #router: MessageRouter;
  readonly #directory: PeerDirectory;
  readonly #observer: ObserveService;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS) { limits }: ResolvedPeerCloudOptions,
    limiter: RequestLimiter,
    router: MessageRouter,
    directory: PeerDirectory,
    observer: ObserveService,
  ) {
    this.#core = core;
    this.#limits = limits;
    this.#limiter = limiter;
    this.#router = router;
    this.#directory = directory;
    this.#observer = observer;
  }

  /**
   * The answer to a request that was let in. Errors become refusals: a ProtocolError its own, anything else
   * a 500 without details, logged in full.
   *
   * @param outgoing the request is in work until this is closed; default: until it has its answer
   */
  async answer(
    path: string,
    request: PeerRequest,
    outgoing?: Writable,
  ): Promise<Answer> {
    let leave: (() => void) | undefined;
    try {
      leave = this.#limiter.enter(senderKey(this.#core, request), outgoing);
      const result = await this.#work(path, request);
      return result instanceof Answer ? result : new Answer(200, result);
    } catch (error) {
      const isForeign =
        error instanceof PeerCloudError && error.code === 'NOT_YOURS';
      return answerTo(isForeign ? refusals.notYours() : error, `POST ${path}`);
    } finally {
      if (!outgoing) {
        leave?.();
      }
    }
  }

  /** Strangers may ask to join and how one is, and observe; a sender that is no member gets 403 `UNKNOWN_SENDER` for all else. */
  async #work(path: string, request: PeerRequest): Promise<object> {
    switch (path) {
      case ENDPOINTS.join:
        return this.#limiter.join(request.remoteAddress, () =>
          this.#join(request),
        );
      case ENDPOINTS.status:
      case STATUS_ALIAS:
        return this.#status(request);
      case ENDPOINTS.observe:
        return this.#observe(request);
      default: {
        const sender = await requireMember(this.#core, request);
        return this.#workFor(sender, path, request);
      }
    }
  }

  #workFor(
    sender: Member,
    path: string,
    request: PeerRequest,
  ): Promise<object> | object {
    const body = request.takeBody();
    switch (path) {
      case ENDPOINTS.joined:
        return this.#core.receiveJoined(readJoined(body, this.#limits), sender);
      case ENDPOINTS.left:
        return this.#core.receiveLeft(readLeft(body), sender);
      case ENDPOINTS.update:
        return this.#core.receiveUpdate(
          readUpdate(body, this.#limits.maxDataBytes),
          sender,
        );
      case ENDPOINTS.sync:
        return this.#core.receiveSync(readObject(body), sender);
      case ENDPOINTS.message:
      case BROADCAST_PATH:
        // Nothing at all is an empty message, as in the original.
        return this.#message(sender, body === undefined ? {} : body, request);
      default:
        throw refusals.notFound();
    }
  }

  async #join(request: PeerRequest): Promise<JoinAnswer> {
    const join = readJoin(request.takeBody(), this.#limits);
    if (isForAnother(join, request)) {
      throw refusals.notYours();
    }
    return this.#core.receiveJoin(join, originOf(request));
  }

  /** Any body will do. */
  #status(request: PeerRequest): Promise<object> {
    const body = request.takeBody();
    return this.#core.receiveStatus(
      isJsonObject(body) ? body : {},
      originOf(request),
    );
  }

  async #observe(request: PeerRequest): Promise<object> {
    const body = request.takeBody();
    try {
      this.#observer.admit(request);
      return await this.#observer.answer(readObject(body));
    } catch (error) {
      if (!(error instanceof ObserveError)) {
        throw error;
      }
      const { status, message, code } = error;
      return new Answer(status, errorBody(status, message, code));
    }
  }

  async #message(
    sender: Member,
    body: unknown,
    { headers }: PeerRequest,
  ): Promise<Answer> {
    if (!isJsonObject(body)) {
      throw refusals.invalidBody('a message is a JSON object');
    }
    const peer = this.#directory.of(sender);
    const head = headOf(headers);
    const outcome =
      head === 'invalid'
        ? BAD_HEAD
        : await this.#router.dispatch(body, peer, head);
    const { status, json } = replyText(outcome);
    return new Answer(status, new JsonText(json));
  }
}

/** In a signed cloud a peer brings in itself and nobody else. */
function isForAnother(
  { id }: JoinRequest,
  { signAnswer, senderId }: PeerRequest,
): boolean {
  return signAnswer !== undefined && id !== senderId;
}

/** Where a request came from, as the membership sees it. */
function originOf({ remoteAddress, senderId }: PeerRequest): RequestOrigin {
  return { remoteAddress, ...(senderId !== undefined && { senderId }) };
}
