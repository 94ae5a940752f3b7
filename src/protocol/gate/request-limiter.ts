import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  REQUESTS_IN_WORK,
} from '../../options/peer-cloud.tokens.js';
import type { ResolvedLimitOptions } from '../../security/limits.options.js';
import type { WorkLoad } from '../../security/work-load.js';
import { refusals } from '../protocol.error.js';
import { TokenBuckets } from '../token-buckets.js';

/** Seconds after which a sender over a limit of requests at once may try again. */
const RETRY_AFTER = 1;

const EVERYBODY = '';

/** Counts what others ask for; over a limit it throws a ProtocolError (429 with `retry-after`). */
@Injectable()
export class RequestLimiter {
  readonly #inWork = new Map<string, number>();
  readonly #joins: TokenBuckets;
  readonly #joinsByAddress: TokenBuckets;
  #joinsInWork = 0;

  readonly #limits: ResolvedLimitOptions;

  readonly #requests: WorkLoad;

  constructor(
    @Inject(PEER_CLOUD_OPTIONS) { limits }: ResolvedPeerCloudOptions,
    @Inject(REQUESTS_IN_WORK) requests: WorkLoad,
  ) {
    this.#requests = requests;
    this.#limits = limits;
    this.#joins = new TokenBuckets(limits.joinsPerMinute);
    this.#joinsByAddress = new TokenBuckets(limits.joinsPerMinutePerAddress);
  }

  /**
   * Counts a request until its answer is out or its socket is gone, or until what this returns is called.
   * The key is a member's id, or the address of one who is no member: an id that anybody can write into a
   * header counts for nothing.
   */
  enter(key: string, outgoing: ServerResponse): () => void {
    const count = this.#inWork.get(key) ?? 0;
    if (count >= this.#limits.maxRequestsPerSender || this.#requests.isFull) {
      throw refusals.tooMany(RETRY_AFTER);
    }
    if (outgoing.destroyed) {
      return () => undefined;
    }
    this.#requests.enter();
    this.#inWork.set(key, count + 1);
    const leave = () => {
      outgoing.off('close', leave);
      this.#leave(key);
    };
    outgoing.on('close', leave);
    return leave;
  }

  /** Runs a join within its rates, by address and in all, and within the number of those in work. */
  async join<T>(address: string, work: () => Promise<T>): Promise<T> {
    if (this.#joinsInWork >= this.#limits.maxConcurrentJoins) {
      throw refusals.tooMany(RETRY_AFTER);
    }
    const wait =
      this.#joinsByAddress.take(address) || this.#joins.take(EVERYBODY);
    if (wait > 0) {
      throw refusals.tooMany(wait);
    }
    this.#joinsInWork++;
    try {
      return await work();
    } finally {
      this.#joinsInWork--;
    }
  }

  #leave(key: string): void {
    const count = this.#inWork.get(key) ?? 0;
    if (count <= 1) {
      this.#inWork.delete(key);
    } else {
      this.#inWork.set(key, count - 1);
    }
    this.#requests.leave();
  }
}
