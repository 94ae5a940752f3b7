import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { PeerCloudHealthIndicator } from 'nestjs-peercloud/terminus';

@Controller('health')
export class HealthController {
  readonly #health: HealthCheckService;
  readonly #cloud: PeerCloudHealthIndicator;

  constructor(health: HealthCheckService, cloud: PeerCloudHealthIndicator) {
    this.#health = health;
    this.#cloud = cloud;
  }

  /** The cloud is no reason to restart: that the process answers is enough. */
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  /** Not before it has tried its seeds. */
  @Get('ready')
  @HealthCheck()
  ready() {
    return this.#health.check([() => this.#cloud.isHealthy('cloud')]);
  }
}
