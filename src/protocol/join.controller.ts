import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type { ResolvedLimitOptions } from '../security/limits.options.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readJoin } from './dto/join.dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';
import { RequestLimiter } from './request-limiter.js';
import { originOf } from './request-origin.js';
import { PROTOCOL_LIMITS } from './protocol.tokens.js';

/** `POST /join`: let me in (PROTOCOL.md, section 2). */
@ProtocolController()
export class JoinController {
  constructor(
    @Inject(MEMBERSHIP_CORE) private readonly core: MembershipCore,
    @Inject(PROTOCOL_LIMITS) private readonly limits: ResolvedLimitOptions,
    private readonly responder: PeerResponder,
    private readonly limiter: RequestLimiter,
  ) {}

  @ProtocolRoute(ENDPOINTS.join)
  join(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.responder.reply(req, res, (request) =>
      this.limiter.join(request.remoteAddress, () => {
        const join = readJoin(request.body, this.limits.maxDataBytes);
        return this.core.receiveJoin(join, originOf(request));
      }),
    );
  }
}
