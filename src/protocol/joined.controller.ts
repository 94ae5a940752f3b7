import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
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
  constructor(
    @Inject(MEMBERSHIP_CORE) private readonly core: MembershipCore,
    private readonly responder: PeerResponder,
  ) {}

  @ProtocolRoute(ENDPOINTS.joined)
  joined(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.responder.replyToMember(req, res, ({ body }, sender) =>
      this.core.receiveJoined(readJoined(body), sender),
    );
  }
}
