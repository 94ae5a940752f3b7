import { Inject, Injectable } from '@nestjs/common';
import type { Member } from '../../membership/core/membership.types.js';
import { MembershipService } from '../../membership/membership.service.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../../options/peer-cloud.tokens.js';
import { isSuccess } from '../../wire/http-status.js';
import type { JsonValue } from '../../wire/json.js';
import { onAbort } from '../abort-listeners.js';
import { MessageAbortedError } from '../errors/aborted.error.js';
import { MessageTimeoutError } from '../errors/message-timeout.error.js';
import { BODY_TOO_LARGE } from '../message-outcome.js';
import { MessageRouter } from '../message-router.js';
import { replyText } from '../reply-text.js';
import { isLarger } from '../stream/body-check.js';
import type { MessageLane, OutgoingMessage } from './message-lane.interface.js';
import { answerError } from './read-answer.js';

/** Messages to oneself: no network, but the same copies, limits, answers and errors. */
@Injectable()
export class SelfLane implements MessageLane {
  constructor(
    private readonly router: MessageRouter,
    private readonly membership: MembershipService,
    @Inject(PEER_CLOUD_OPTIONS)
    private readonly options: ResolvedPeerCloudOptions,
  ) {}

  async send({ id }: Member, message: OutgoingMessage): Promise<JsonValue> {
    const { maxMessageBytes, limits } = this.options;
    const text = message.body.json;
    const outcome = isLarger(text, maxMessageBytes)
      ? BODY_TOO_LARGE
      : await withinLimits(id, message, () =>
          this.router.dispatch(JSON.parse(text), this.membership.self),
        );
    // As it would arrive over the network.
    const { status, json } = replyText(outcome, limits.maxAnswerBytes);
    const payload = JSON.parse(json) as JsonValue;
    if (!isSuccess(status)) {
      throw answerError(id, status, payload);
    }
    return payload;
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
