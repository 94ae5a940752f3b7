import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readLeft } from './dto/left.dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `POST /left`: somebody went (PROTOCOL.md, section 2). */
@ProtocolController()
export class LeftController {
  readonly #core: MembershipCore;
  readonly #responder: PeerResponder;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    responder: PeerResponder,
  ) {
    this.#core = core;
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.left)
  left(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, ({ body }, sender) =>
      this.#core.receiveLeft(readLeft(body), sender),
    );
  }
}
