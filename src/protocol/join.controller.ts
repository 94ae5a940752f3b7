import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { JoinAnswer, JoinRequest } from '../wire/requests.js';
import type { AdapterResponse } from './answer.js';
import { readJoin } from './dto/join.dto.js';
import type { AdapterRequest, PeerRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';
import { refusals } from './protocol.error.js';
import { RequestLimiter } from './request-limiter.js';
import { originOf } from './request-origin.js';

/** `POST /join`: let me in (PROTOCOL.md, section 2). */
@ProtocolController()
export class JoinController {
  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #responder: PeerResponder;
  readonly #limiter: RequestLimiter;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    responder: PeerResponder,
    limiter: RequestLimiter,
  ) {
    this.#core = core;
    this.#options = options;
    this.#responder = responder;
    this.#limiter = limiter;
  }

  @ProtocolRoute(ENDPOINTS.join)
  join(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res, (request) =>
      this.#limiter.join(request.remoteAddress, () => this.#receive(request)),
    );
  }

  async #receive(request: PeerRequest): Promise<JoinAnswer> {
    const join = readJoin(request.body, this.#options.limits);
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
