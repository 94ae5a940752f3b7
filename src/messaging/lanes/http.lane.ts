import { Inject, Injectable } from '@nestjs/common';
import type { Member, MembershipCore } from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_TRANSPORT,
} from '../../options/peer-cloud.tokens.js';
import type {
  PeerAnswer,
  PeerTransport,
} from '../../transport/peer-transport.interface.js';
import { TransportError } from '../../transport/transport.error.js';
import { isSuccess } from '../../wire/endpoints.js';
import { errorBody } from '../../wire/bodies.js';
import type { JsonValue } from '../../wire/json.js';
import { onAbort } from '../../util/abort-listeners.js';
import {
  MessageAbortedError,
  BadStatusError,
  ConnectionLostError,
  MessageTimeoutError,
  OverloadedError,
  UnreachableError,
} from '../messaging.errors.js';
import type { MessageLane, OutgoingMessage } from './outgoing-message.js';
import { answerError, isUnknownSender, replyFault } from './replies.js';

/** Ms before a message is sent again to a peer that does not know its sender yet. */
const INTRODUCTION_PAUSES = [100, 300, 900];

/** One `/message` request for each message (PROTOCOL.md, section 2): for peers without streams. */
@Injectable()
export class HttpLane implements MessageLane {
  readonly #core: MembershipCore;
  readonly #transport: PeerTransport;
  readonly #options: ResolvedPeerCloudOptions;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_TRANSPORT) transport: PeerTransport,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#transport = transport;
    this.#options = options;
  }

  async send(member: Member, message: OutgoingMessage): Promise<JsonValue> {
    const { status, body } = await this.#introduced(member, message);
    const { maxJsonDepth } = this.#options.limits;
    const fault = replyFault(member.id, body, maxJsonDepth);
    if (fault) {
      throw fault;
    }
    if (isSuccess(status)) {
      this.#core.noteAlive(member.id);
      return body ?? {};
    }
    throw answerError(member.id, status, body);
  }

  /**
   * Asks again, a little later, where the peer has not heard of this one yet: news of a join takes its
   * time in a large cloud. What was refused so was not handled, so it cannot be handled twice.
   */
  async #introduced(
    member: Member,
    message: OutgoingMessage,
  ): Promise<PeerAnswer> {
    let answer = await this.#request(member, message);
    for (const pause of INTRODUCTION_PAUSES) {
      if (!isUnknownSender(answer.status, answer.body)) {
        break;
      }
      this.#core.noteUnknownSender(member.id);
      if (performance.now() + pause >= message.deadline) {
        break;
      }
      await wait(pause, message.signal);
      if (message.signal?.aborted) {
        throw new MessageAbortedError(member.id, {
          cause: message.signal.reason,
        });
      }
      answer = await this.#request(member, message);
    }
    return answer;
  }

  async #request(
    member: Member,
    message: OutgoingMessage,
  ): Promise<PeerAnswer> {
    const { body, head, deadline, signal, timeout } = message;
    const left = Math.ceil(deadline - performance.now());
    if (left <= 0) {
      throw new MessageTimeoutError(member.id, timeout);
    }
    const { json } = body;
    const abort = signal && new AbortController();
    const ignoreSignal = signal && onAbort(signal, () => abort?.abort());
    const options = {
      timeout: left,
      ...(abort && { signal: abort.signal }),
      ...(head && { headers: head.headers }),
    };
    try {
      return this.#transport.requestSerialized
        ? await this.#transport.requestSerialized(
            member,
            'message',
            json,
            options,
          )
        : await this.#transport.request(member, 'message', body.value, options);
    } catch (error) {
      throw translate(error, member.id, message);
    } finally {
      ignoreSignal?.();
    }
  }
}

/** Waits so many ms, or until the signal fires; it does not keep the process alive. */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const ignoreSignal = signal && onAbort(signal, () => end());
    const timer = setTimeout(() => end(), ms).unref();
    const end = () => {
      clearTimeout(timer);
      ignoreSignal?.();
      resolve();
    };
  });
}

function translate(
  error: unknown,
  peerId: string,
  { timeout, signal }: OutgoingMessage,
): unknown {
  if (!(error instanceof TransportError)) {
    return error;
  }
  const options = { cause: error };
  switch (error.code) {
    case 'REFUSED':
    case 'UNREACHABLE':
      return new UnreachableError(peerId, options);
    case 'OVERLOADED':
      return new OverloadedError(peerId, options);
    case 'CONNECTION_LOST':
      return new ConnectionLostError(peerId, options);
    case 'TIMEOUT':
      return new MessageTimeoutError(peerId, timeout, options);
    case 'ABORTED':
      return new MessageAbortedError(peerId, { cause: signal?.reason });
    case 'BAD_ANSWER':
      // What stands between us and the peer, or the peer itself, gave no usable answer.
      return new BadStatusError(peerId, 502, badAnswer(error), options);
  }
}

function badAnswer({ message }: TransportError): JsonValue {
  return errorBody(502, message, 'BAD_ANSWER');
}
