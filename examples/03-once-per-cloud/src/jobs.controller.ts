import { Controller, Get } from '@nestjs/common';
import { MembershipService } from 'nestjs-peercloud';
import { ScheduleService } from 'nestjs-peercloud/schedule';

@Controller()
export class JobsController {
  readonly #schedule: ScheduleService;
  readonly #membership: MembershipService;

  constructor(schedule: ScheduleService, membership: MembershipService) {
    this.#schedule = schedule;
    this.#membership = membership;
  }

  /** Each job and the name of the replica that has it; empty until this replica takes part. */
  @Get('jobs')
  async owners() {
    const { self } = this.#membership;
    const peers = [self, ...this.#membership.peers()];
    const jobs = this.#schedule.isReady ? await this.#schedule.jobs() : [];
    return Object.fromEntries(
      jobs.map(({ name, owner }) => [
        name,
        peers.find(({ id }) => id === owner)?.data.name,
      ]),
    );
  }
}
