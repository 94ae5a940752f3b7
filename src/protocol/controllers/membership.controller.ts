import { Req, Res } from '@nestjs/common';
import { ENDPOINTS, STATUS_ALIAS } from '../../wire/endpoints.js';
import type { AdapterResponse } from '../answer.js';
import type { AdapterRequest } from '../gate/peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** The endpoints about who is in the cloud (PROTOCOL.md, sections 2 and 4). */
@ProtocolController()
export class MembershipController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(
    ENDPOINTS.join,
    ENDPOINTS.joined,
    ENDPOINTS.left,
    ENDPOINTS.status,
    STATUS_ALIAS,
    ENDPOINTS.update,
    ENDPOINTS.sync,
  )
  answer(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}
