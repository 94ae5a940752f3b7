import {
  BadStatusError,
  ConnectionLostError,
  type KeysService,
  type MembershipService,
  type PeerChannel,
} from '../../index.js';
import type { Answer, Question } from './core/questions.js';
import type { SchedulePeers, Silence } from './core/schedule-ports.js';

/** The other schedulers, reached by a channel of the cloud. */
export class CloudPeers implements SchedulePeers {
  readonly #membership: MembershipService;
  readonly #keys: KeysService;
  readonly #channel: PeerChannel;

  constructor(
    membership: MembershipService,
    keys: KeysService,
    channel: PeerChannel,
  ) {
    this.#membership = membership;
    this.#keys = keys;
    this.#channel = channel;
  }

  get self(): string {
    return this.#membership.self.id;
  }

  others(): string[] {
    return this.#membership.peers().map(({ id }) => id);
  }

  has(peer: string): boolean {
    return peer !== this.self && this.#membership.get(peer) !== undefined;
  }

  /** Owners of the job's name, as of any key. */
  rank(
    job: string,
    count: number,
    mayRun: (peer: string) => boolean,
  ): string[] {
    for (let most = count; ; most *= 2) {
      const owners = this.#keys.ownersOf(job, most);
      const rank = owners.map(({ id }) => id).filter(mayRun);
      if (rank.length >= count || owners.length < most) {
        return rank.slice(0, count);
      }
    }
  }

  async ask(
    peer: string,
    question: Question,
    timeout: number,
  ): Promise<Answer | Silence> {
    const deadline = performance.now() + timeout;
    const first = await this.#askOnce(peer, question, timeout);
    if (first !== undefined) {
      return first;
    }
    // The connection broke: to ask again does no harm.
    const left = Math.ceil(deadline - performance.now());
    const second =
      left > 0 ? await this.#askOnce(peer, question, left) : undefined;
    return second ?? 'silent';
  }

  async #askOnce(
    peer: string,
    question: Question,
    timeout: number,
  ): Promise<Answer | Silence | undefined> {
    try {
      const answer = await this.#channel.send<Answer & object>(peer, question, {
        timeout,
      });
      return answer ?? 'none';
    } catch (error) {
      return error instanceof ConnectionLostError
        ? undefined
        : silenceOf(error);
    }
  }
}

function silenceOf(error: unknown): Silence {
  if (error instanceof BadStatusError) {
    const payload = error.payload as { code?: unknown } | undefined;
    return payload?.code === 'UNKNOWN_SENDER' ? 'stranger' : 'silent';
  }
  return isRefused(error) ? 'gone' : 'silent';
}

/** Whether nothing listens where the peer was: the one error that is evidence of its end. */
function isRefused(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ((each as NodeJS.ErrnoException).code === 'ECONNREFUSED') {
      return true;
    }
  }
  return false;
}
