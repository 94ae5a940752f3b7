import { Req, Res } from '@nestjs/common';
import { ENDPOINTS } from '../../wire/endpoints.js';
import type { AdapterResponse } from '../answer.js';
import type { AdapterRequest } from '../gate/peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';

/** `/message`: for the application (PROTOCOL.md, section 2). */
@ProtocolController()
export class MessageController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.message)
  message(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}
