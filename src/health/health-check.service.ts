import { Inject, Injectable } from '@nestjs/common';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { MembershipCore, Peer } from '../membership/index.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import { deepFreeze } from '../util/deep-freeze.js';
import type { PeerStatus } from '../wire/bodies.js';
import { notAPeer } from './health-check.schedule.js';

/** Checks members by hand, beside the schedule of the option `healthCheck`. */
@Injectable()
export class HealthCheckService {
  readonly #core: MembershipCore;

  /** @internal */
  constructor(@Inject(MEMBERSHIP_CORE) core: MembershipCore) {
    this.#core = core;
  }

  /**
   * Checks one member now, outside the schedule: it is asked for `/status`, and what it says, or does
   * not say, counts as in any other check.
   *
   * @param peer - the member or its id; default: the next one of the round
   * @returns what it says about itself; `online: false` where it does not answer
   * @throws PeerCloudError with the code `NOT_A_PEER` for anything else, such as the indicators that
   *   the service of the same name in `@nestjs/terminus` takes
   */
  async check(peer?: Peer | string): Promise<PeerStatus> {
    const id: unknown = typeof peer === 'object' ? peer?.id : peer;
    if (peer !== undefined && typeof id !== 'string') {
      throw new PeerCloudError('NOT_A_PEER', notAPeer);
    }
    const { status, ...outcome } = await this.#core.check(
      id as string | undefined,
    );
    return deepFreeze(status ?? outcome);
  }
}
