import { channel } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Subject } from 'rxjs';
import {
  HealthCheckService,
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
} from '../../../src/index.js';
import { PeerCloudTelemetryModule } from '../../../src/integrations/opentelemetry/index.js';
import type { JobEvent } from '../../../src/integrations/schedule/index.js';
import { MessageTraces } from '../../../src/messaging/message-traces.js';
import { createTestCloud } from '../../../src/testing/index.js';
import { Sdk } from './support/sdk.js';

@Injectable()
class Handlers {
  @OnPeerMessage('echo')
  echo() {
    return {};
  }
}

let sdk: Sdk;
const jobs = new Subject<JobEvent>();
const module = {
  imports: [PeerCloudModule.forRoot(), PeerCloudTelemetryModule.forRoot()],
  providers: [
    Handlers,
    {
      provide: Symbol.for('nestjs-peercloud:schedule'),
      useValue: { events$: jobs },
    },
  ],
};

beforeEach(() => {
  sdk = new Sdk();
});

afterEach(() => sdk.stop());

it('measures members, messages, checks, refusals and jobs, without ids', async () => {
  sdk.start({ withTraces: false });
  // The first one alone: all are in this process, and what is measured is of the whole process.
  await using cloud = await createTestCloud(1, module);
  sdk.stop();
  await cloud.add(2);
  await cloud.settled();
  const messaging = cloud.get(0, MessagingService);
  for (let n = 0; n < 3; n++) {
    await messaging.send(cloud.id(1), { type: 'echo' });
  }
  await messaging.send(cloud.id(1), { type: 'nobody' }).catch(() => undefined);
  await cloud.get(1, MessagingService).send(cloud.id(0), { type: 'echo' });
  await messaging.channel('chatter').send(cloud.id(1), {});
  await cloud
    .get(0, HealthCheckService)
    .check(cloud.get(0, MembershipService).get(cloud.id(1))!);

  const system = 'nestjs-peercloud';
  expect(await sdk.measured('peercloud.members')).toEqual({
    alive: 3,
    suspect: 0,
  });
  expect(await sdk.measured('peercloud.messages')).toEqual({
    'sent OK': 3,
    'sent NO_HANDLER': 1,
    'sent OK chatter': 1,
    'received OK': 1,
  });
  expect(await sdk.measured('peercloud.messages.active')).toEqual({
    sent: 0,
    received: 0,
  });
  expect(await sdk.measured('peercloud.messages.waiting')).toEqual({ '': 0 });
  expect(await sdk.measured('rpc.client.call.duration')).toEqual({
    [`${system} echo OK`]: 3,
    [`${system} nobody NO_HANDLER NO_HANDLER`]: 1,
  });
  expect(await sdk.measured('rpc.server.call.duration')).toEqual({
    [`${system} echo OK`]: 1,
  });
  const { alive } = await sdk.measured('peercloud.probe.duration');
  expect(alive).toBeGreaterThan(0);

  const self = cloud.id(0);
  for (const id of [self, 'of another peer']) {
    const notice = { self: id, reason: 'no signature', code: 'FULL' };
    channel('peercloud:request.refused').publish(notice);
    channel('peercloud:join.refused').publish(notice);
  }
  expect(await sdk.measured('peercloud.requests.refused')).toEqual({
    'no signature': 1,
  });
  expect(await sdk.measured('peercloud.joins.refused')).toEqual({ FULL: 1 });

  const job = 'nightly';
  jobs.next({ type: 'job.started', job });
  jobs.next({ type: 'job.finished', job, duration: 20 });
  jobs.next({ type: 'job.finished', job, duration: 20, error: new Error('x') });
  jobs.next({ type: 'job.taken-over', job, from: 'a' });
  jobs.next({ type: 'job.skipped', job, reason: 'fenced' });
  expect(await sdk.measured('peercloud.job.events')).toEqual({
    'nightly started': 1,
    'nightly done': 1,
    'nightly failed': 1,
    'nightly taken-over': 1,
    'nightly skipped fenced': 1,
  });
  expect(await sdk.measured('peercloud.job.duration')).toEqual({
    'nightly done': 1,
    'nightly failed': 1,
  });
});

it('tells so many patterns apart, and no more', async () => {
  sdk.start({ withTraces: false });
  await using cloud = await createTestCloud(1, module);
  const messaging = cloud.get(0, MessagingService);
  for (let n = 0; n < 600; n++) {
    await messaging
      .send(cloud.id(0), { type: `made up ${n}` })
      .catch(() => undefined);
  }
  const measured = await sdk.measured('rpc.client.call.duration');
  expect(Object.keys(measured).length).toBeLessThanOrEqual(501);
  expect(
    measured['nestjs-peercloud _OTHER NO_HANDLER NO_HANDLER'],
  ).toBeGreaterThanOrEqual(100);
});

it('does nothing while no SDK is registered, and ends with the app', async () => {
  const bare = await createTestCloud(1, module);
  expect(bare.get(0, MessageTraces).isOn).toBe(false);
  await bare.close();

  sdk.start();
  const watched = await createTestCloud(1, module);
  const traces = watched.get(0, MessageTraces);
  expect(traces.isOn).toBe(true);
  await watched.close();
  expect(traces.isOn).toBe(false);
});

it('says that it needs the cloud', async () => {
  const alone = await Test.createTestingModule({
    imports: [PeerCloudTelemetryModule.forRoot()],
  }).compile();
  await expect(alone.init()).rejects.toThrow(/PeerCloudModule\.forRoot\(\)/);
});
