import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  REQUEST_VERIFIER,
} from '../../options/peer-cloud.tokens.js';
import { BodyBudget, type RequestVerifier } from '../../security/index.js';
import type {
  TransportAnswer,
  TransportReceiver,
  TransportRequest,
} from '../../transport/link/index.js';
import { normalizeRemoteAddress } from '../../wire/address.js';
import { PEER_ID_HEADER } from '../../wire/endpoints.js';
import { type Answer, answerBytes, refusalAnswer } from '../answer.js';
import { EndpointWorks } from '../controllers/endpoint-works.js';
import {
  admit,
  type GateLimits,
  maxBytesOf,
  RETRY_AFTER,
} from '../gate/admission.js';
import type { PeerRequest } from '../gate/peer-request.js';
import { refusals } from '../protocol.error.js';
import { StreamGate } from '../upgrade/stream-gate.js';

type Signing = Pick<PeerRequest, 'signAnswer'>;

/** Answers what arrives by another transport than HTTP, with the same checks and the same answers. */
@Injectable()
export class LinkReceiver implements TransportReceiver {
  readonly #core: { readonly id: string };
  readonly #limits: GateLimits;
  readonly #verifier: RequestVerifier;
  readonly #works: EndpointWorks;
  readonly #streams: StreamGate;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: { readonly id: string },
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
    @Inject(REQUEST_VERIFIER) verifier: RequestVerifier,
    budget: BodyBudget,
    works: EndpointWorks,
    streams: StreamGate,
  ) {
    const { maxMessageBytes, limits } = options;
    this.#core = core;
    this.#limits = { maxMessageBytes, ...limits, budget };
    this.#verifier = verifier;
    this.#works = works;
    this.#streams = streams;
  }

  async request(
    { path, headers, body: raw }: TransportRequest,
    from: string,
  ): Promise<TransportAnswer> {
    const limits = this.#limits;
    const maxBytes = maxBytesOf(path, limits);
    if (raw.length > maxBytes) {
      return this.#answer(refusalAnswer(refusals.tooLarge(maxBytes)));
    }
    const account = limits.budget.open();
    try {
      if (!account.grow(raw.length)) {
        return this.#answer(refusalAnswer(refusals.tooMany(RETRY_AFTER)));
      }
      const remoteAddress = normalizeRemoteAddress(from);
      const admission = await admit(
        { path, headers, raw, remoteAddress },
        account,
        limits,
        this.#verifier,
      );
      if (!admission.passed) {
        return this.#answer(admission.answer, admission.signing);
      }
      const { request } = admission;
      return this.#answer(await this.#works.answer(path, request), request);
    } finally {
      account.close();
    }
  }

  async connect(
    headers: TransportRequest['headers'],
    from: string,
  ): ReturnType<TransportReceiver['connect']> {
    const judgement = await this.#streams.judge(
      headers,
      normalizeRemoteAddress(from),
    );
    const { answer, signing, accept } = judgement;
    return accept
      ? { answer: plain(answer), accept }
      : { answer: this.#answer(answer, signing) };
  }

  #answer(answer: Answer, signing?: Signing): TransportAnswer {
    const { status, headers, body } = plain(answer);
    return {
      status,
      body,
      headers: {
        ...headers,
        [PEER_ID_HEADER]: this.#core.id,
        ...signing?.signAnswer?.(status, body),
      },
    };
  }
}

function plain({ status, headers, body }: Answer): TransportAnswer {
  return {
    status,
    headers: headers as TransportAnswer['headers'],
    body: answerBytes(body),
  };
}
