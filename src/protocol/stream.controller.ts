import { Req, Res } from '@nestjs/common';
import { StreamAcceptor } from '../messaging/index.js';
import { ENDPOINTS } from '../wire/endpoints.js';
import type { AdapterResponse } from './answer.js';
import type { AdapterRequest } from './gate/peer-request.js';
import { PeerResponder } from './controllers/peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './controllers/protocol-route.decorator.js';
import { refusals } from './protocol.error.js';

/** `/stream`: the fast lane for messages (PROTOCOL.md, section 4, `stream`). */
@ProtocolController()
export class StreamController {
  readonly #responder: PeerResponder;
  readonly #acceptor: StreamAcceptor;

  constructor(responder: PeerResponder, acceptor: StreamAcceptor) {
    this.#responder = responder;
    this.#acceptor = acceptor;
  }

  @ProtocolRoute(ENDPOINTS.stream)
  stream(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.openToMember(req, res, (exchange) => {
      const { refusal } = this.#acceptor;
      if (refusal) {
        throw refusal === 404 ? refusals.notFound() : refusals.leaving();
      }
      const { request, sender, incoming, outgoing } = exchange;
      const acceptance = request.acceptStream?.();
      this.#acceptor.accept({ sender, incoming, outgoing, acceptance });
    });
  }
}
