import { Injectable } from '@nestjs/common';
import { StepLog } from '../../util/step-log.js';
import { pathOf } from '../../wire/endpoints.js';
import {
  refusalAnswer,
  refuseAndDrain,
  takeOver,
  writeAnswer,
  type AdapterResponse,
} from '../answer.js';
import {
  incomingOf,
  peerRequestOf,
  type AdapterRequest,
} from '../gate/peer-request.js';
import { refusals } from '../protocol.error.js';
import { EndpointWorks } from './endpoint-works.js';

/**
 * Answers protocol requests over HTTP, on both adapters and past everything the app hangs around its routes.
 * It takes the response over at once and returns at once: a controller method has nothing to
 * await, so a timeout or a mapping interceptor of the app finds nothing to change.
 */
@Injectable()
export class PeerResponder {
  readonly #steps = new StepLog();

  readonly #works: EndpointWorks;

  constructor(works: EndpointWorks) {
    this.#works = works;
  }

  reply(req: AdapterRequest, res: AdapterResponse): void {
    const outgoing = takeOver(res);
    const request = peerRequestOf(req);
    const incoming = incomingOf(req);
    // The app's guards have seen it, and the work has its own way to it.
    req.body = undefined;
    if (request === undefined) {
      // A spelling of the path that the app's router takes and the gate does not, such as `/Join`.
      const refusal = refusalAnswer(refusals.notFound());
      refuseAndDrain(incoming, outgoing, refusal);
      return;
    }
    const path = pathOf(incoming.url);
    this.#works
      .answer(path, request, outgoing)
      .then((answer) => {
        writeAnswer(outgoing, answer, request);
        if (this.#steps.enabled) {
          const { senderId = 'a stranger', remoteAddress } = request;
          const { headersSent, statusCode } = outgoing;
          const status = headersSent ? statusCode : 'gone before the answer';
          this.#steps.write(
            `POST ${path} of ${senderId} from ${remoteAddress}: ${status}`,
          );
        }
      })
      // Where not even the refusal can be signed, silence is all that is left.
      .catch(() => outgoing.destroy());
  }
}
