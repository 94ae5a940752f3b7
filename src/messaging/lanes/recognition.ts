import type { MembershipCore } from '../../membership/index.js';
import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import { isUnknownSender } from './replies.js';

/** Ms before a message is sent again to a peer that does not know its sender yet; the last one as long as it takes. */
const PAUSES = [100, 300, 900];

type Core = Pick<MembershipCore, 'noteUnknownSender' | 'recovery'>;

interface Question {
  readonly over: Promise<void>;
  /** What has come of it; undefined where another message has to go on. */
  outcome?: 'known' | 'unknown';
  /** The last answer: the peer does not know this one. */
  refusal: PeerAnswer;
}

/**
 * Messages to peers that do not list this one yet: news of a join takes its time in a large cloud, and a
 * peer that others have taken off their lists has to get back in first. One message at a time asks again, a
 * little later each time, and the others to the same peer wait for what comes of it. While this peer is known
 * to be out, none asks: what nobody will answer must not keep a starved peer out. What is refused so was not
 * handled, so it cannot be handled twice.
 */
export class Recognition {
  readonly #underWay = new Map<string, Question>();

  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * @param deadline on the clock of `performance.now()`
   * @param signal its reason is thrown
   * @param request sends the message
   */
  async send(
    id: string,
    deadline: number,
    signal: AbortSignal,
    request: () => Promise<PeerAnswer>,
  ): Promise<PeerAnswer> {
    let refusal = this.#underWay.get(id)?.refusal;
    if (!refusal) {
      const answer = await request();
      if (!isUnknownSender(answer.status, answer.body)) {
        return answer;
      }
      refusal = answer;
      this.#core.noteUnknownSender(id);
    }
    for (;;) {
      const other = this.#underWay.get(id);
      if (!other) {
        return this.#ask(id, deadline, signal, request, refusal);
      }
      await wait(deadline - performance.now(), signal, other.over);
      if (other.outcome === 'known') {
        return request();
      }
      refusal = other.refusal;
      if (other.outcome === 'unknown' || performance.now() >= deadline) {
        return refusal;
      }
    }
  }

  async #ask(
    id: string,
    deadline: number,
    signal: AbortSignal,
    request: () => Promise<PeerAnswer>,
    refusal: PeerAnswer,
  ): Promise<PeerAnswer> {
    let end!: () => void;
    const over = new Promise<void>((resolve) => (end = resolve));
    const question: Question = { over, refusal };
    this.#underWay.set(id, question);
    try {
      for (let tries = 0; ; tries++) {
        const back = this.#core.recovery.whenBack;
        if (back) {
          tries = 0;
          await wait(deadline - performance.now(), signal, back);
        }
        const pause = PAUSES[Math.min(tries, PAUSES.length - 1)]!;
        if (tries >= PAUSES.length && !this.#core.recovery.isRunning) {
          question.outcome = 'unknown';
          return question.refusal;
        }
        if (performance.now() + pause >= deadline) {
          return question.refusal;
        }
        await wait(pause, signal);
        const answer = await request();
        if (!isUnknownSender(answer.status, answer.body)) {
          question.outcome = 'known';
          return answer;
        }
        question.refusal = answer;
        this.#core.noteUnknownSender(id);
      }
    } finally {
      this.#underWay.delete(id);
      end();
    }
  }
}

/**
 * Waits so many ms, or until something else is over; it does not keep the process alive. Rejects with the
 * signal's reason.
 */
async function wait(
  ms: number,
  signal: AbortSignal,
  over?: Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end);
    void over?.then(end);
    if (signal.aborted) {
      end();
    }
  });
  signal.throwIfAborted();
}
