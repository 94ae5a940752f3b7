import { Inject, Injectable } from '@nestjs/common';
import type { MembershipCore } from '../../membership/core/membership-core.js';
import type { Member } from '../../membership/core/membership.types.js';
import { MEMBERSHIP_CORE } from '../../options/peer-cloud.tokens.js';
import { StreamLane } from '../stream/stream.lane.js';
import type { MessageLane } from './message-lane.interface.js';
import { SelfLane } from './self.lane.js';

/** Chooses the lane for each message: oneself, or the stream lane, which falls back to `/message` itself. */
@Injectable()
export class LaneSelector {
  readonly #core: MembershipCore;
  readonly #self: SelfLane;
  readonly #stream: StreamLane;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    self: SelfLane,
    stream: StreamLane,
  ) {
    this.#core = core;
    this.#self = self;
    this.#stream = stream;
  }

  of(member: Member): MessageLane {
    return member.id === this.#core.id ? this.#self : this.#stream;
  }
}
