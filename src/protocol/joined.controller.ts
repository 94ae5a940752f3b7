import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readJoined } from './dto/joined.dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `POST /joined`: somebody came (PROTOCOL.md, section 2). */
@ProtocolController()
export class JoinedController {
  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #responder: PeerResponder;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    responder: PeerResponder,
  ) {
    this.#core = core;
    this.#options = options;
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.joined)
  joined(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, ({ body }, sender) =>
      this.#core.receiveJoined(readJoined(body, this.#options.limits), sender),
    );
  }
}
