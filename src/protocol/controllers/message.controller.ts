import { Req, Res } from '@nestjs/common';
import { PeerDirectory } from '../../membership/index.js';
import {
  BAD_HEAD,
  headOf,
  MessageRouter,
  replyText,
} from '../../messaging/index.js';
import { ENDPOINTS } from '../../wire/endpoints.js';
import { JsonText, isJsonObject } from '../../wire/json.js';
import { Answer, type AdapterResponse } from '../answer.js';
import { incomingOf, type AdapterRequest } from '../gate/peer-request.js';
import { PeerResponder } from './peer-responder.js';
import {
  ProtocolController,
  ProtocolRoute,
} from './protocol-route.decorator.js';
import { refusals } from '../protocol.error.js';

/** `/message`: for the application (PROTOCOL.md, section 2). */
@ProtocolController()
export class MessageController {
  readonly #responder: PeerResponder;
  readonly #router: MessageRouter;
  readonly #directory: PeerDirectory;

  constructor(
    responder: PeerResponder,
    router: MessageRouter,
    directory: PeerDirectory,
  ) {
    this.#responder = responder;
    this.#router = router;
    this.#directory = directory;
  }

  @ProtocolRoute(ENDPOINTS.message)
  message(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.replyToMember(req, res, async (request, sender) => {
      const taken = request.takeBody();
      // Nothing at all is an empty message, as in the original.
      const body = taken === undefined ? {} : taken;
      if (!isJsonObject(body)) {
        throw refusals.invalidBody('a message is a JSON object');
      }
      const peer = this.#directory.of(sender);
      const head = headOf(incomingOf(req).headers);
      const outcome =
        head === 'invalid'
          ? BAD_HEAD
          : await this.#router.dispatch(body, peer, head);
      const { status, json } = replyText(outcome);
      return new Answer(status, new JsonText(json));
    });
  }
}
