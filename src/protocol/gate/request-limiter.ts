import type { Writable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  REQUESTS_IN_WORK,
} from '../../options/peer-cloud.tokens.js';
import { KeyedSemaphore, Semaphore } from '../../util/semaphore.js';
import { refusals } from '../protocol.error.js';
import { TokenBuckets } from '../../util/token-buckets.js';

/** Seconds after which a sender over a limit of requests at once may try again. */
const RETRY_AFTER = 1;

const EVERYBODY = '';

/** Counts what others ask for; over a limit it throws a ProtocolError (429 with `retry-after`). */
@Injectable()
export class RequestLimiter {
  readonly #inWork: KeyedSemaphore;
  readonly #joins: TokenBuckets;
  readonly #joinsByAddress: TokenBuckets;
  readonly #joinsInWork: Semaphore;

  constructor(
    @Inject(PEER_CLOUD_OPTIONS) { limits }: ResolvedPeerCloudOptions,
    @Inject(REQUESTS_IN_WORK) requests: Semaphore,
  ) {
    this.#inWork = new KeyedSemaphore(limits.maxRequestsPerSender, requests);
    this.#joins = new TokenBuckets(limits.joinsPerMinute);
    this.#joinsByAddress = new TokenBuckets(limits.joinsPerMinutePerAddress);
    this.#joinsInWork = new Semaphore(limits.maxConcurrentJoins);
  }

  /**
   * Counts a request until its answer is out or its socket is gone, or until what this returns is called.
   * The key is a member's id, or the address of one who is no member: an id that anybody can write into a
   * header counts for nothing.
   */
  enter(key: string, outgoing?: Writable): () => void {
    if (!this.#inWork.tryAcquire(key)) {
      throw refusals.tooMany(RETRY_AFTER);
    }
    let isIn = true;
    const leave = () => {
      outgoing?.off('close', leave);
      if (isIn) {
        isIn = false;
        this.#inWork.release(key);
      }
    };
    if (outgoing?.destroyed) {
      leave();
    } else {
      outgoing?.on('close', leave);
    }
    return leave;
  }

  /** Runs a join within its rates, by address and in all, and within the number of those in work. */
  async join<T>(address: string, work: () => Promise<T>): Promise<T> {
    if (this.#joinsInWork.isFull) {
      throw refusals.tooMany(RETRY_AFTER);
    }
    takeFrom(this.#joinsByAddress, address);
    takeFrom(this.#joins, EVERYBODY);
    this.#joinsInWork.tryAcquire();
    try {
      return await work();
    } finally {
      this.#joinsInWork.release();
    }
  }
}

function takeFrom(buckets: TokenBuckets, key: string): void {
  if (!buckets.take(key)) {
    throw refusals.tooMany(buckets.retryAfter(key));
  }
}
