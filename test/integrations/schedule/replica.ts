import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import {
  PeerScheduleModule,
  ScheduleService,
  type JobEvent,
  type PeerScheduleOptions,
} from '../../../src/integrations/schedule/index.js';
import { KeysService } from '../../../src/index.js';
import { startPeer, type PeerApp } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

/** An app with jobs. */
export interface Replica extends PeerApp {
  id: string;
  schedule: ScheduleService;
  /** What happened to jobs here. */
  jobEvents: JobEvent[];
  get<T>(type: Type<T>): T;
}

/** What a replica is made of. */
export interface ReplicaSetup {
  peers?: string[];
  providers?: Provider[];
  imports?: (Type | DynamicModule)[];
  controllers?: Type[];
  options?: PeerScheduleOptions;
  /** False: it is only initialised. */
  listen?: false;
}

/** Starts an app with jobs, and waits until it takes part. */
export async function startReplica(setup: ReplicaSetup): Promise<Replica> {
  const {
    peers,
    providers,
    controllers,
    imports = [],
    options,
    listen,
  } = setup;
  const peer = await startPeer({
    options: {
      peers,
      // Quiet for 0.3 s is settled.
      membership: { profile: 'local', joinRetryMin: 50 },
    },
    imports: [
      ScheduleModule.forRoot(),
      PeerScheduleModule.forRoot(options),
      ...imports,
    ],
    providers,
    controllers,
    listen,
  });
  const schedule = peer.app.get(ScheduleService, { strict: false });
  const jobEvents: JobEvent[] = [];
  schedule.events$.subscribe((event) => jobEvents.push(event));
  const replica: Replica = {
    ...peer,
    id: peer.membership.self.id,
    schedule,
    jobEvents,
    get: (type) => peer.app.get(type, { strict: false }),
  };
  if (listen !== false) {
    await until(() => schedule.isReady);
  }
  return replica;
}

/** Starts several, one after another, and waits until each knows that all of them may own jobs. */
export async function startReplicas(
  count: number,
  setup: ReplicaSetup,
): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (let made = 0; made < count; made++) {
    const peers = replicas.map(({ address }) => address);
    replicas.push(await startReplica({ peers, ...setup }));
  }
  await until(() =>
    replicas.every(
      (replica) =>
        replica.get(KeysService).ownersOf('a job', count).length === count,
    ),
  );
  return replicas;
}
