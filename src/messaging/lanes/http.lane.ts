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
import { Recognition } from './recognition.js';
import type { MessageLane, OutgoingMessage } from './outgoing-message.js';
import { answerError, isNoChannel, replyFault } from './replies.js';

/** One `/message` request for each message (PROTOCOL.md, section 2): for peers without streams. */
@Injectable()
export class HttpLane implements MessageLane {
  readonly #recognition: Recognition;

  readonly #core: MembershipCore;
  readonly #transport: PeerTransport;
  readonly #options: ResolvedPeerCloudOptions;
  /** What ends each message that is under way, by the receiver's id. */
  readonly #underWay = new Map<string, Set<AbortController>>();

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_TRANSPORT) transport: PeerTransport,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#transport = transport;
    this.#options = options;
    this.#recognition = new Recognition(core);
  }

  async send(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const { id } = member;
    const { signal } = message;
    const abort = new AbortController();
    const underWay = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, underWay.add(abort));
    const ignoreSignal =
      signal &&
      onAbort(signal, () =>
        abort.abort(new MessageAbortedError(id, { cause: signal.reason })),
      );
    try {
      return this.#replyOf(
        id,
        message,
        await this.#recognition.send(id, message.deadline, abort.signal, () =>
          this.#request(member, message, abort.signal),
        ),
      );
    } finally {
      ignoreSignal?.();
      underWay.delete(abort);
      if (underWay.size === 0) {
        this.#underWay.delete(id);
      }
    }
  }

  /** The member is gone: what waits for it fails. */
  giveUp(peerId: string, cause: Error): void {
    for (const abort of this.#underWay.get(peerId) ?? []) {
      abort.abort(new ConnectionLostError(peerId, { cause }));
    }
  }

  #replyOf(
    peerId: string,
    message: OutgoingMessage,
    { status, body }: PeerAnswer,
  ): JsonValue | undefined {
    const fault = replyFault(peerId, body, this.#options.limits.maxJsonDepth);
    if (fault) {
      throw fault;
    }
    if (isSuccess(status)) {
      this.#core.noteAlive(peerId);
      return body ?? {};
    }
    if (isNoChannel(message, status, body)) {
      return undefined;
    }
    throw answerError(peerId, status, body);
  }

  async #request(
    member: Member,
    message: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<PeerAnswer> {
    const { body, head, deadline, timeout } = message;
    const left = Math.ceil(deadline - performance.now());
    if (left <= 0) {
      throw new MessageTimeoutError(member.id, timeout);
    }
    const { json } = body;
    const options = {
      timeout: left,
      signal,
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
      signal.throwIfAborted();
      throw translate(error, member.id, timeout);
    }
  }
}

function translate(error: unknown, peerId: string, timeout: number): unknown {
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
      return new MessageAbortedError(peerId, options);
    case 'BAD_ANSWER':
      // What stands between us and the peer, or the peer itself, gave no usable answer.
      return new BadStatusError(peerId, 502, badAnswer(error), options);
  }
}

function badAnswer({ message }: TransportError): JsonValue {
  return errorBody(502, message, 'BAD_ANSWER');
}
