import { Req, Res } from '@nestjs/common';
import { ENDPOINTS } from '../../wire/endpoints.js';
import type { AdapterResponse } from '../answer.js';
import type { AdapterRequest } from '../gate/peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `/observe`: for those who look at the cloud and are no members (PROTOCOL.md, section 6). */
@ProtocolController()
export class ObserveController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.observe)
  observe(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}
