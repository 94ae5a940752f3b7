import { Inject, Injectable } from '@nestjs/common';
import {
  HealthIndicatorService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import {
  MembershipService,
  PEER_CLOUD_OPTIONS,
  type ResolvedPeerCloudOptions,
} from '../../index.js';

/** What a replica needs of its cloud to be ready. */
export interface PeerCloudHealthOptions {
  /** Others that have to be there; with fewer, it is `down`. Default 0: alone, it still is ready. */
  minPeers?: number | undefined;
}

/**
 * Says by terminus how this replica's cloud is, for **readiness**:
 *
 * - `up`: it is in a cloud with others, or none are configured;
 * - `degraded`: it is alone, where others are configured; the check as a whole still succeeds;
 * - `down`: it has not tried its known peers yet, or there are fewer others than `minPeers`.
 *
 * Not for liveness: to restart a replica brings back no other one, and takes away one that works.
 * The details are counts: a health endpoint is often public, and addresses are nobody's business.
 */
@Injectable()
export class PeerCloudHealthIndicator {
  readonly #health: HealthIndicatorService;
  readonly #membership: MembershipService;
  readonly #options: ResolvedPeerCloudOptions;
  #started = false;

  constructor(
    health: HealthIndicatorService,
    membership: MembershipService,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
  ) {
    this.#health = health;
    this.#membership = membership;
    this.#options = options;
    void membership.whenJoined().then(() => (this.#started = true));
  }

  /**
   * Never throws, and asks nobody: the answer is what this peer knows now.
   *
   * @param key the name under which the result stands in the answer
   */
  isHealthy<const Key extends string>(
    key: Key,
    { minPeers = 0 }: PeerCloudHealthOptions = {},
  ): HealthIndicatorResult<Key> {
    const result = this.#health.check(key);
    const peers = this.#membership.peers().length;
    if (!this.#started) {
      const message = 'the known peers have not been tried yet';
      return result.down({ peers, message });
    }
    if (peers < minPeers) {
      const message = `fewer than ${minPeers} other peers`;
      return result.down({ peers, message });
    }
    if (peers === 0 && this.#options.peers.length > 0) {
      const message = 'alone, although other peers are configured';
      return result.degraded({ peers, message });
    }
    return result.up({ peers });
  }
}
