import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import { ENDPOINTS, STATUS_ALIAS } from '../wire/endpoints.js';
import { isJsonObject } from '../wire/json.js';
import type { AdapterResponse } from './answer.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';
import { originOf } from './request-origin.js';

/** `POST /status`: are you there? Any body will do (PROTOCOL.md, section 2). */
@ProtocolController()
export class StatusController {
  readonly #core: MembershipCore;
  readonly #responder: PeerResponder;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    responder: PeerResponder,
  ) {
    this.#core = core;
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.status, STATUS_ALIAS)
  status(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res, (request) =>
      this.#core.receiveStatus(
        isJsonObject(request.body) ? request.body : {},
        originOf(request),
      ),
    );
  }
}
