import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore, RequestOrigin } from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../../options/peer-cloud.tokens.js';
import type { ResolvedLimitOptions } from '../../options/limits.options.js';
import { ENDPOINTS, STATUS_ALIAS } from '../../wire/endpoints.js';
import { isJsonObject } from '../../wire/json.js';
import type { JoinAnswer, JoinRequest } from '../../wire/bodies.js';
import type { AdapterResponse } from '../answer.js';
import {
  readJoin,
  readJoined,
  readLeft,
  readUpdate,
} from '../dto/protocol.dto.js';
import { readObject } from '../dto/read-dto.js';
import type { AdapterRequest, PeerRequest } from '../gate/peer-request.js';
import { RequestLimiter } from '../gate/request-limiter.js';
import { refusals } from '../protocol.error.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** The endpoints about who is in the cloud (PROTOCOL.md, sections 2 and 4). */
@ProtocolController()
export class MembershipController {
  readonly #core: MembershipCore;
  readonly #limits: ResolvedLimitOptions;
  readonly #responder: PeerResponder;
  readonly #limiter: RequestLimiter;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS) { limits }: ResolvedPeerCloudOptions,
    responder: PeerResponder,
    limiter: RequestLimiter,
  ) {
    this.#core = core;
    this.#limits = limits;
    this.#responder = responder;
    this.#limiter = limiter;
  }

  /** Let me in. */
  @ProtocolRoute(ENDPOINTS.join)
  join(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res, (request) =>
      this.#limiter.join(request.remoteAddress, () => this.#admit(request)),
    );
  }

  /** Somebody came. */
  @ProtocolRoute(ENDPOINTS.joined)
  joined(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, (request, sender) =>
      this.#core.receiveJoined(
        readJoined(request.takeBody(), this.#limits),
        sender,
      ),
    );
  }

  /** Somebody went. */
  @ProtocolRoute(ENDPOINTS.left)
  left(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, (request, sender) =>
      this.#core.receiveLeft(readLeft(request.takeBody()), sender),
    );
  }

  /** Are you there? Any body will do. */
  @ProtocolRoute(ENDPOINTS.status, STATUS_ALIAS)
  status(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res, (request) => {
      const body = request.takeBody();
      return this.#core.receiveStatus(
        isJsonObject(body) ? body : {},
        originOf(request),
      );
    });
  }

  /** A peer replaces its own data. */
  @ProtocolRoute(ENDPOINTS.update)
  update(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, (request, sender) =>
      this.#core.receiveUpdate(
        readUpdate(request.takeBody(), this.#limits.maxDataBytes),
        sender,
      ),
    );
  }

  /** Two lists are brought together. */
  @ProtocolRoute(ENDPOINTS.sync)
  sync(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, (request, sender) =>
      this.#core.receiveSync(readObject(request.takeBody()), sender),
    );
  }

  async #admit(request: PeerRequest): Promise<JoinAnswer> {
    const join = readJoin(request.takeBody(), this.#limits);
    if (isForAnother(join, request)) {
      throw refusals.notYours();
    }
    return this.#core.receiveJoin(join, originOf(request));
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
