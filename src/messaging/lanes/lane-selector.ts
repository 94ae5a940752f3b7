import { Inject, Injectable } from '@nestjs/common';
import type { MembershipCore } from '../../membership/core/membership-core.js';
import type { Member } from '../../membership/core/membership.types.js';
import { MEMBERSHIP_CORE } from '../../options/peer-cloud.tokens.js';
import { HttpLane } from './http.lane.js';
import type { MessageLane } from './message-lane.interface.js';
import { SelfLane } from './self.lane.js';

/** Chooses the lane for each message. */
@Injectable()
export class LaneSelector {
  constructor(
    @Inject(MEMBERSHIP_CORE) private readonly core: MembershipCore,
    private readonly self: SelfLane,
    private readonly http: HttpLane,
  ) {}

  of(member: Member): MessageLane {
    return member.id === this.core.id ? this.self : this.http;
  }
}
