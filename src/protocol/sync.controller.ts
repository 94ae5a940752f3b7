import { Inject, Req, Res } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import { readObject } from './dto/read-dto.js';
import type { AdapterRequest } from './peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `POST /sync`: two lists are brought together (PROTOCOL.md, section 4). */
@ProtocolController()
export class SyncController {
  readonly #core: MembershipCore;
  readonly #responder: PeerResponder;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    responder: PeerResponder,
  ) {
    this.#core = core;
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.sync)
  sync(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, ({ body }, sender) =>
      this.#core.receiveSync(readObject(body), sender),
    );
  }
}
