import { Inject, Injectable } from '@nestjs/common';
import { type Member, PeerDirectory } from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../../options/peer-cloud.tokens.js';
import { BodyBudget } from '../../security/index.js';
import { isSuccess } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type { MessageHead } from '../../wire/message-head.js';
import { isLarger } from '../../util/text-parts.js';
import { onAbort } from '../../util/abort-listeners.js';
import {
  MessageAbortedError,
  MessageTimeoutError,
} from '../messaging.errors.js';
import { resolveStreamOptions } from '../messaging.options.js';
import {
  BODY_TOO_LARGE,
  bodyFault,
  NO_MORE,
  type MessageOutcome,
  replyText,
  MessageRouter,
} from '../handlers/index.js';
import type { MessageLane, OutgoingMessage } from './outgoing-message.js';
import { answerError, isNoChannel, replyFault } from './replies.js';
import type { ReplyReader } from './reply-reader.js';
import { ReplyWriter } from './reply-writer.js';

/** Messages to oneself: no network, but the same copies, limits, answers and errors. */
@Injectable()
export class SelfLane implements MessageLane {
  readonly #router: MessageRouter;
  readonly #directory: PeerDirectory;
  readonly #options: ResolvedPeerCloudOptions;
  /** What replies to oneself that are not read may take. */
  readonly #budget: BodyBudget;

  constructor(
    router: MessageRouter,
    directory: PeerDirectory,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#router = router;
    this.#directory = directory;
    this.#options = options;
    const { stream } = options.messaging;
    this.#budget = new BodyBudget(
      (stream || resolveStreamOptions({}, 'stream')).maxQueuedBytes,
    );
  }

  async send(
    { id }: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const outcome = await this.#handle(id, message);
    if (outcome === NO_MORE) {
      return undefined;
    }
    // As it would arrive over the network.
    const { maxAnswerBytes, maxJsonDepth } = this.#options.limits;
    const { status, json } = replyText(outcome, maxAnswerBytes);
    const payload = JSON.parse(json) as JsonValue;
    const fault = replyFault(id, payload, maxJsonDepth);
    if (fault) {
      throw fault;
    }
    if (isSuccess(status)) {
      return payload;
    }
    if (isNoChannel(message, status, payload)) {
      return undefined;
    }
    throw answerError(id, status, payload);
  }

  #handle(
    id: string,
    message: OutgoingMessage,
  ): MessageOutcome | Promise<MessageOutcome> {
    const { maxMessageBytes: maxBytes, limits } = this.#options;
    const text = message.body.json;
    if (isLarger(text, maxBytes)) {
      return BODY_TOO_LARGE;
    }
    const body = JSON.parse(text) as JsonValue;
    const fault = bodyFault(
      body,
      { maxBytes, maxDepth: limits.maxJsonDepth },
      false,
    );
    return (
      fault ??
      withinLimits(id, message, () => this.#dispatch(id, body, message))
    );
  }

  async #dispatch(
    id: string,
    body: JsonValue,
    { head, reader }: OutgoingMessage,
  ): Promise<MessageOutcome> {
    const writer = reader && this.#writerTo(reader);
    const outcome = await this.#router.dispatch(
      body,
      this.#directory.self,
      head && (JSON.parse(head.json()) as MessageHead),
      writer,
    );
    await writer?.written();
    return writer?.fault ?? outcome;
  }

  #writerTo(reader: ReplyReader): ReplyWriter {
    const writer = new ReplyWriter(
      reader.credit,
      {
        maxBytes: this.#options.limits.maxAnswerBytes,
        isFull: false,
        write: (json) => {
          reader.push(JSON.parse(json) as JsonValue, json.length);
          return json.length;
        },
      },
      this.#budget.open(),
    );
    reader.grant = (chars) => writer.grant(chars);
    onAbort(reader.signal, () => writer.leave());
    return writer;
  }
}

function withinLimits<T>(
  id: string,
  { timeout, deadline, signal, reader }: OutgoingMessage,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        if (!reader?.isAnswered) {
          reject(new MessageTimeoutError(id, timeout));
        }
      },
      Math.max(0, deadline - performance.now()),
    );
    const ignoreSignal =
      signal &&
      onAbort(signal, () =>
        reject(new MessageAbortedError(id, { cause: signal.reason })),
      );
    void work()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        ignoreSignal?.();
      });
  });
}
