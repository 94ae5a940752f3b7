import {
  type TransportAnswer,
  TransportError,
  type TransportErrorCode,
} from '../../index.js';
import type { AnswerPart } from './envelope.js';

/** Most answers of one request whose parts are still coming in. */
const MAX_PARTIAL = 1024;

/** Who waits for an answer, or for several. */
export interface AnswerListener {
  /** Most bytes of an answer; one that is larger fails, or is left out where others answer as well. */
  maxBytes: number;
  isForMany?: boolean;
  onAnswer: (answer: TransportAnswer) => void;
  /** Nobody takes what was asked. */
  onNobody?: () => void;
  /** There will be none. */
  onFailed: (error: TransportError) => void;
}

interface Pending extends AnswerListener {
  /** What has come of answers in several parts, by their names. */
  partial?: Map<string, AnswerPart & { bodies: Buffer[]; bytes: number }>;
}

/** The answers that this peer waits for, by the names that they come under. */
export class PendingAnswers {
  readonly #pending = new Map<string, Pending>();

  add(name: string, listener: AnswerListener): void {
    this.#pending.set(name, listener);
  }

  delete(name: string): void {
    this.#pending.delete(name);
  }

  /** Nobody has heard the question. */
  nobody(name: string): void {
    this.#pending.get(name)?.onNobody?.();
  }

  /** A part of an answer has come, mostly the only one. */
  take(name: string, part: AnswerPart): void {
    const pending = this.#pending.get(name);
    if (!pending) {
      return;
    }
    if (part.of === 1) {
      if (part.body.length > pending.maxBytes) {
        tooLarge(pending);
      } else {
        pending.onAnswer(part);
      }
      return;
    }
    const partial = (pending.partial ??= new Map());
    if (part.at === 0) {
      if (partial.size < MAX_PARTIAL) {
        const bytes = part.body.length;
        partial.set(part.answer, { ...part, bodies: [part.body], bytes });
      }
      return;
    }
    const answer = partial.get(part.answer);
    // One that is missing makes the rest worthless: the deadline ends it.
    if (answer?.bodies.length !== part.at || answer.of !== part.of) {
      partial.delete(part.answer);
      return;
    }
    answer.bodies.push(part.body);
    answer.bytes += part.body.length;
    if (answer.bytes > pending.maxBytes) {
      partial.delete(part.answer);
      tooLarge(pending);
    } else if (answer.bodies.length === answer.of) {
      partial.delete(part.answer);
      const { status, headers, bodies } = answer;
      pending.onAnswer({ status, headers, body: Buffer.concat(bodies) });
    }
  }

  /** All that wait get no answer. */
  fail(code: TransportErrorCode, why: string): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { onFailed } of all) {
      onFailed(new TransportError(code, why));
    }
  }
}

function tooLarge({ maxBytes, isForMany, onFailed }: AnswerListener): void {
  if (!isForMany) {
    const why = `the answer is larger than ${maxBytes} bytes`;
    onFailed(new TransportError('BAD_ANSWER', why));
  }
}
