import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readUpdate } from './dto/update.dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `POST /update`: a peer replaces its own data (PROTOCOL.md, section 4). */
@ProtocolController()
export class UpdateController {
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

  @ProtocolRoute(ENDPOINTS.update)
  update(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, ({ body }, sender) =>
      this.#core.receiveUpdate(
        readUpdate(body, this.#options.limits.maxDataBytes),
        sender,
      ),
    );
  }
}
