import { Controller, Get, Module } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
} from '@nestjs/terminus';
import request from 'supertest';
import { PeerCloudModule } from '../../../src/index.js';
import { PeerCloudHealthIndicator } from '../../../src/integrations/terminus/index.js';
import { freePort } from '../../../demo/free-port.js';
import {
  agree,
  closePeers,
  QUICK,
  startPeer,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { serverOf } from '../../e2e/messaging/support/message-pair.js';
import { until } from '../../support/until.js';

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly cloud: PeerCloudHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.cloud.isHealthy('cloud')]);
  }

  @Get('two')
  @HealthCheck()
  two() {
    return this.health.check([
      () => this.cloud.isHealthy('cloud', { minPeers: 1 }),
    ]);
  }
}

@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [PeerCloudHealthIndicator],
})
class HealthModule {}

function start(peers: string[] = [], listen?: false): Promise<PeerApp> {
  return startPeer({
    module: PeerCloudModule.forRoot({ ...QUICK, peers, isGlobal: true }),
    imports: [HealthModule],
    listen,
  });
}

async function ask(peer: PeerApp, path: string) {
  const { status, body } = await request(serverOf(peer)).get(path);
  const { details } = body as { details: { cloud: object } };
  return { status, cloud: details.cloud };
}

afterEach(closePeers);

it('is up with others, and down with fewer than are asked for', async () => {
  const first = await start();
  expect(await ask(first, '/two')).toMatchObject({
    status: 503,
    cloud: { status: 'down', peers: 0, message: 'fewer than 1 other peers' },
  });
  const second = await start([first.address]);
  await until(() => agree([first, second]));
  for (const path of ['/ready', '/two']) {
    expect(await ask(second, path)).toEqual({
      status: 200,
      cloud: { status: 'up', peers: 1 },
    });
  }
});

it('is up alone where nobody else is configured, and degraded where somebody is', async () => {
  const alone = await start();
  expect(await ask(alone, '/ready')).toEqual({
    status: 200,
    cloud: { status: 'up', peers: 0 },
  });
  const lonely = await start([`127.0.0.1:${await freePort()}`]);
  await lonely.membership.whenJoined();
  expect(await ask(lonely, '/ready')).toEqual({
    status: 200,
    cloud: {
      status: 'degraded',
      peers: 0,
      message: 'alone, although other peers are configured',
    },
  });
});

it('is down before it has started', async () => {
  const early = await start([], false);
  expect(await ask(early, '/ready')).toMatchObject({
    status: 503,
    cloud: { status: 'down', peers: 0 },
  });
});
