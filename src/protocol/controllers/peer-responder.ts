import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { stackOf } from '../../errors/error-text.js';
import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { Member, MembershipCore } from '../../membership/index.js';
import { MEMBERSHIP_CORE } from '../../options/peer-cloud.tokens.js';
import { StepLog } from '../../util/step-log.js';
import { pathOf } from '../../wire/endpoints.js';
import {
  Answer,
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
  type PeerRequest,
  requireMember,
  senderKey,
} from '../gate/peer-request.js';
import { ProtocolError, refusals } from '../protocol.error.js';
import { RequestLimiter } from '../gate/request-limiter.js';

/** What a work gives back: an Answer has its own status, anything else is the JSON of a 200. */
export type WorkResult = Answer | object;

/** What runs once the response is taken over. */
type Work = (request: PeerRequest) => Promise<WorkResult>;

/**
 * Answers protocol requests, on both adapters and past everything the app hangs around its routes.
 * Each method takes the response over at once and returns at once: a controller method has nothing to
 * await, so a timeout or a mapping interceptor of the app finds nothing to change.
 * Errors of the work become refusals: a ProtocolError its own, anything else a 500 without details,
 * logged in full.
 */
@Injectable()
export class PeerResponder {
  readonly #logger = new Logger('PeerCloud');
  readonly #steps = new StepLog();

  readonly #core: MembershipCore;
  readonly #limiter: RequestLimiter;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    limiter: RequestLimiter,
  ) {
    this.#core = core;
    this.#limiter = limiter;
  }

  /** For the endpoints that strangers may use: `/join` and `/status`. */
  reply(
    req: AdapterRequest,
    res: AdapterResponse,
    work: (request: PeerRequest) => Promise<WorkResult> | WorkResult,
  ): void {
    this.#run(req, res, async (request) => work(request));
  }

  /** For all others: a sender that is no member gets 403 `UNKNOWN_SENDER`, and `work` does not run. */
  replyToMember(
    req: AdapterRequest,
    res: AdapterResponse,
    work: (
      request: PeerRequest,
      sender: Member,
    ) => Promise<WorkResult> | WorkResult,
  ): void {
    this.#run(req, res, async (request) =>
      work(request, await requireMember(this.#core, request)),
    );
  }

  #run(req: AdapterRequest, res: AdapterResponse, work: Work): void {
    const outgoing = takeOver(res);
    const request = peerRequestOf(req);
    // The app's guards have seen it, and the work has its own way to it.
    req.body = undefined;
    if (request === undefined) {
      // A spelling of the path that the app's router takes and the gate does not, such as `/Join`.
      const refusal = refusalAnswer(refusals.notFound());
      refuseAndDrain(incomingOf(req), outgoing, refusal);
      return;
    }
    this.#work(request, outgoing, work)
      .catch((error: unknown) => {
        const refusal = this.#refusalOf(error, req);
        refuseAndDrain(incomingOf(req), outgoing, refusal, request);
      })
      .then(() => this.#note(incomingOf(req), request, outgoing))
      // Where not even the refusal can be signed, silence is all that is left.
      .catch(() => outgoing.destroy());
  }

  async #work(
    request: PeerRequest,
    outgoing: ServerResponse,
    work: Work,
  ): Promise<void> {
    this.#limiter.enter(senderKey(this.#core, request), outgoing);
    const result = await work(request);
    const answer = result instanceof Answer ? result : new Answer(200, result);
    writeAnswer(outgoing, answer, request);
  }

  #note(
    incoming: IncomingMessage,
    { senderId, remoteAddress }: PeerRequest,
    { headersSent, statusCode }: ServerResponse,
  ): void {
    if (this.#steps.enabled) {
      const sender = senderId ?? 'a stranger';
      const status = headersSent ? statusCode : 'gone before the answer';
      this.#steps.write(
        `POST ${pathOf(incoming.url)} of ${sender} from ${remoteAddress}: ${status}`,
      );
    }
  }

  #refusalOf(error: unknown, req: AdapterRequest): Answer {
    if (error instanceof ProtocolError) {
      return refusalAnswer(error);
    }
    if (error instanceof PeerCloudError && error.code === 'NOT_YOURS') {
      return refusalAnswer(refusals.notYours());
    }
    this.#logger.error(
      `POST ${pathOf(incomingOf(req).url)} failed`,
      stackOf(error),
    );
    return refusalAnswer(refusals.internal());
  }
}
