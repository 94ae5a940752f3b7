import { Inject, Injectable } from '@nestjs/common';
import { type Member, PeerDirectory } from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../../options/peer-cloud.tokens.js';
import { isSuccess } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type { MessageHead } from '../../wire/message-head.js';
import { isLarger } from '../../util/text-parts.js';
import { onAbort } from '../../util/abort-listeners.js';
import {
  MessageAbortedError,
  MessageTimeoutError,
} from '../messaging.errors.js';
import {
  BODY_TOO_LARGE,
  type MessageOutcome,
  replyText,
  MessageRouter,
} from '../handlers/index.js';
import { bodyFault } from './body-check.js';
import type { MessageLane, OutgoingMessage } from './outgoing-message.js';
import { answerError, replyFault } from './replies.js';

/** Messages to oneself: no network, but the same copies, limits, answers and errors. */
@Injectable()
export class SelfLane implements MessageLane {
  readonly #router: MessageRouter;
  readonly #directory: PeerDirectory;
  readonly #options: ResolvedPeerCloudOptions;

  constructor(
    router: MessageRouter,
    directory: PeerDirectory,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#router = router;
    this.#directory = directory;
    this.#options = options;
  }

  async send({ id }: Member, message: OutgoingMessage): Promise<JsonValue> {
    const { maxAnswerBytes, maxJsonDepth } = this.#options.limits;
    const outcome = await this.#handle(id, message);
    // As it would arrive over the network.
    const { status, json } = replyText(outcome, maxAnswerBytes);
    const payload = JSON.parse(json) as JsonValue;
    const fault = replyFault(id, payload, maxJsonDepth);
    if (fault) {
      throw fault;
    }
    if (!isSuccess(status)) {
      throw answerError(id, status, payload);
    }
    return payload;
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
      withinLimits(id, message, () =>
        this.#router.dispatch(
          body,
          this.#directory.self,
          message.head && (JSON.parse(message.head.json) as MessageHead),
        ),
      )
    );
  }
}

function withinLimits<T>(
  id: string,
  { timeout, deadline, signal }: OutgoingMessage,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new MessageTimeoutError(id, timeout)),
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
