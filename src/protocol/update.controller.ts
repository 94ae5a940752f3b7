import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type { ResolvedLimitOptions } from '../security/limits.options.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readUpdate } from './dto/update.dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';
import { PROTOCOL_LIMITS } from './protocol.tokens.js';

/** `POST /update`: a peer replaces its own data (PROTOCOL.md, section 4). */
@ProtocolController()
export class UpdateController {
  constructor(
    @Inject(MEMBERSHIP_CORE) private readonly core: MembershipCore,
    @Inject(PROTOCOL_LIMITS) private readonly limits: ResolvedLimitOptions,
    private readonly responder: PeerResponder,
  ) {}

  @ProtocolRoute(ENDPOINTS.update)
  update(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.responder.replyToMember(req, res, ({ body }, sender) =>
      this.core.receiveUpdate(
        readUpdate(body, this.limits.maxDataBytes),
        sender,
      ),
    );
  }
}
