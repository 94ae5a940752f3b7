import type { ServerResponse } from 'node:http';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { refusals } from './protocol.error.js';

/** Bounds on how much one remote can ask for at once. */
export interface RequestLimits {
  /** Requests of one member that are under way at the same time; more are answered 429. */
  inFlightPerPeer: number;
  /** Joins a second from one address, averaged. */
  joinsPerSecond: number;
  /** Joins from one address that may come at once. */
  joinBurst: number;
}

/** Injection token of the limits; without a provider the defaults hold. */
export const REQUEST_LIMITS = Symbol('REQUEST_LIMITS');

export const DEFAULT_REQUEST_LIMITS: RequestLimits = {
  inFlightPerPeer: 1024,
  joinsPerSecond: 50,
  joinBurst: 500,
};

/** Addresses whose join rate is remembered; the one heard of longest ago is forgotten first. */
const MAX_ADDRESSES = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Counts what members and strangers ask for; over a limit it throws a ProtocolError (429 with `retry-after`). */
@Injectable()
export class RequestLimiter {
  private readonly limits: RequestLimits;
  private readonly inFlight = new Map<string, number>();
  private readonly joins = new Map<string, Bucket>();

  constructor(@Optional() @Inject(REQUEST_LIMITS) limits?: RequestLimits) {
    this.limits = limits ?? DEFAULT_REQUEST_LIMITS;
  }

  /** Counts a request of a member until its answer is out or its socket is gone. */
  holdSlot(peerId: string, outgoing: ServerResponse): void {
    const count = this.inFlight.get(peerId) ?? 0;
    if (count >= this.limits.inFlightPerPeer) {
      throw refusals.tooMany(1);
    }
    if (outgoing.destroyed) {
      return;
    }
    this.inFlight.set(peerId, count + 1);
    outgoing.once('close', () => this.release(peerId));
  }

  /** Takes one join from the allowance of an address. */
  countJoin(address: string): void {
    const { joinsPerSecond, joinBurst } = this.limits;
    const now = performance.now();
    const known = this.joins.get(address) ?? { tokens: joinBurst, at: now };
    const refill = ((now - known.at) / 1000) * joinsPerSecond;
    const tokens = Math.min(joinBurst, known.tokens + refill);
    if (tokens < 1) {
      throw refusals.tooMany(Math.ceil((1 - tokens) / joinsPerSecond));
    }
    this.joins.delete(address);
    this.joins.set(address, { tokens: tokens - 1, at: now });
    this.forgetOldest();
  }

  private release(peerId: string): void {
    const count = this.inFlight.get(peerId) ?? 0;
    if (count <= 1) {
      this.inFlight.delete(peerId);
    } else {
      this.inFlight.set(peerId, count - 1);
    }
  }

  private forgetOldest(): void {
    if (this.joins.size > MAX_ADDRESSES) {
      const oldest = this.joins.keys().next();
      if (!oldest.done) {
        this.joins.delete(oldest.value);
      }
    }
  }
}
