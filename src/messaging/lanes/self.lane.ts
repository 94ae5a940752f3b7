import { Injectable } from '@nestjs/common';
import type { Member } from '../../membership/core/membership.types.js';
import { MembershipService } from '../../membership/membership.service.js';
import type { JsonValue } from '../../wire/json.js';
import { onAbort } from '../abort-listeners.js';
import { MessageAbortedError } from '../errors/aborted.error.js';
import { MessageTimeoutError } from '../errors/message-timeout.error.js';
import { FAILED, type MessageOutcome } from '../message-outcome.js';
import { MessageRouter } from '../message-router.js';
import type { MessageLane, OutgoingMessage } from './message-lane.interface.js';
import { answerError, isSuccess } from './read-answer.js';

/** Messages to oneself: no network, but the same copies, answers and errors. */
@Injectable()
export class SelfLane implements MessageLane {
  constructor(
    private readonly router: MessageRouter,
    private readonly membership: MembershipService,
  ) {}

  async send({ id }: Member, message: OutgoingMessage): Promise<JsonValue> {
    const copy = JSON.parse(message.body.json) as JsonValue;
    const outcome = await withinLimits(id, message, () =>
      this.router.dispatch(copy, this.membership.self),
    );
    const { status, payload } = readable(outcome);
    if (!isSuccess(status)) {
      throw answerError(id, status, payload);
    }
    return payload;
  }
}

/** The payload as it would arrive over the network. */
function readable({ status, payload }: MessageOutcome): {
  status: number;
  payload: JsonValue;
} {
  try {
    const text = JSON.stringify(payload) ?? '{}';
    return { status, payload: JSON.parse(text) as JsonValue };
  } catch {
    return FAILED as { status: number; payload: JsonValue };
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
