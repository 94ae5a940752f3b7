import { Inject, Injectable } from '@nestjs/common';
import type { Member } from '../../membership/core/membership.types.js';
import { MembershipService } from '../../membership/membership.service.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../../options/peer-cloud.tokens.js';
import type { JsonValue } from '../../wire/json.js';
import { onAbort } from '../abort-listeners.js';
import { MessageAbortedError } from '../errors/aborted.error.js';
import { MessageTimeoutError } from '../errors/message-timeout.error.js';
import {
  BODY_TOO_LARGE,
  FAILED,
  REPLY_TOO_LARGE,
  type MessageOutcome,
} from '../message-outcome.js';
import { MessageRouter } from '../message-router.js';
import { isLarger } from '../stream/body-check.js';
import type { MessageLane, OutgoingMessage } from './message-lane.interface.js';
import { answerError, isSuccess } from './read-answer.js';

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
    const { json } = message.body;
    const outcome = isLarger(json, maxMessageBytes)
      ? BODY_TOO_LARGE
      : await inTime(id, message, () =>
          this.router.dispatch(JSON.parse(json), this.membership.self),
        );
    const { status, payload } = readable(outcome, limits.maxAnswerBytes);
    if (!isSuccess(status)) {
      throw answerError(id, status, payload);
    }
    return payload;
  }
}

/** The answer as it would arrive over the network. */
function readable(
  { status, payload }: MessageOutcome,
  maxBytes: number,
): { status: number; payload: JsonValue } {
  const text = serialise(payload);
  if (text === undefined) {
    return readable(FAILED, Infinity);
  }
  return isLarger(text, maxBytes)
    ? readable(REPLY_TOO_LARGE, Infinity)
    : { status, payload: JSON.parse(text) as JsonValue };
}

/** JSON text; undefined for what JSON cannot carry. */
function serialise(payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload) ?? '{}';
  } catch {
    return undefined;
  }
}

function inTime<T>(
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
