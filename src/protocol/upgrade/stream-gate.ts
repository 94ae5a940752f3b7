import type { IncomingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { MembershipCore } from '../../membership/index.js';
import { StreamAcceptor, type StreamSocket } from '../../messaging/index.js';
import {
  MEMBERSHIP_CORE,
  REQUEST_VERIFIER,
} from '../../options/peer-cloud.tokens.js';
import type { RequestVerifier } from '../../security/index.js';
import { STREAM_PATH } from '../../wire/endpoints.js';
import { Answer } from '../answer.js';
import { answerTo, bareRefusal, senderOf } from '../gate/admission.js';
import {
  type PeerRequest,
  requireMember,
  senderKey,
} from '../gate/peer-request.js';
import { RequestLimiter } from '../gate/request-limiter.js';
import { refusals } from '../protocol.error.js';

const NOTHING = Buffer.alloc(0);

/** What is said to who asks for a stream. */
export interface StreamJudgement {
  answer: Answer;
  /** Signs a refusal, where the cloud is signed. */
  signing?: Pick<PeerRequest, 'signAnswer'> | undefined;
  /** Only where the answer is a 101: takes the stream, once that is written. */
  accept?: (socket: StreamSocket) => void;
}

/** Decides whose streams are taken, whichever way they come. */
@Injectable()
export class StreamGate {
  readonly #verifier: RequestVerifier;
  readonly #core: MembershipCore;
  readonly #limiter: RequestLimiter;
  readonly #acceptor: StreamAcceptor;

  constructor(
    @Inject(REQUEST_VERIFIER) verifier: RequestVerifier,
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    limiter: RequestLimiter,
    acceptor: StreamAcceptor,
  ) {
    this.#verifier = verifier;
    this.#core = core;
    this.#limiter = limiter;
    this.#acceptor = acceptor;
  }

  /** Never rejects. */
  async judge(
    headers: IncomingHttpHeaders,
    remoteAddress: string,
    socket?: Writable,
  ): Promise<StreamJudgement> {
    const verdict = await this.#verifier.verify({
      method: 'GET',
      path: STREAM_PATH,
      headers,
      raw: undefined,
      remoteAddress,
    });
    if (!verdict.ok) {
      return { answer: bareRefusal(verdict), signing: verdict };
    }
    try {
      const request = { remoteAddress, ...senderOf(headers, verdict) };
      // An open stream has bounds of its own: it is its messages that are in work.
      const leave = this.#limiter.enter(senderKey(this.#core, request), socket);
      const sender = await requireMember(this.#core, request).finally(leave);
      const { refusal } = this.#acceptor;
      if (refusal) {
        throw refusal === 404 ? refusals.notFound() : refusals.leaving();
      }
      const { headers: own, codec } = verdict.acceptStream?.() ?? {};
      return {
        answer: new Answer(101, {}, own),
        accept: (stream) =>
          this.#acceptor.accept(sender, {
            socket: stream,
            head: NOTHING,
            codec,
          }),
      };
    } catch (error) {
      const answer = answerTo(error, `GET ${STREAM_PATH}`);
      return { answer, signing: verdict };
    }
  }
}
