import type {
  DynamicModule,
  ModuleMetadata,
  Provider,
  Type,
} from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import {
  PeerScheduleModule,
  ScheduleService,
  type JobEvent,
  type PeerScheduleOptions,
} from '../../../src/integrations/schedule/index.js';
import { KeysService } from '../../../src/index.js';
import {
  addReplica as addApp,
  startReplicas as startApps,
  type TestReplica,
} from '../../support/replicas.js';
import { until } from '../../support/until.js';

/** An app with jobs. */
export interface Replica extends TestReplica {
  schedule: ScheduleService;
  /** What happened to jobs here. */
  jobEvents: JobEvent[];
}

/** What each replica of a cloud is made of. */
export interface ReplicaSetup {
  providers?: Provider[];
  imports?: (Type | DynamicModule)[];
  options?: PeerScheduleOptions;
}

/** What the test's replicas are made of. */
let metadata: ModuleMetadata = {};

/** Starts several, the test's only ones so far, and waits until each knows that all of them may own jobs. */
export async function startReplicas(
  count: number,
  { providers, imports = [], options }: ReplicaSetup,
): Promise<Replica[]> {
  metadata = {
    imports: [
      ScheduleModule.forRoot(),
      PeerScheduleModule.forRoot(options),
      ...imports,
    ],
    providers,
  };
  const apps = await startApps(count, {
    ...metadata,
    // Quiet for 0.3 s is settled.
    peerCloud: { membership: { profile: 'local', joinRetryMin: 50 } },
  });
  const replicas = await Promise.all(apps.map(ready));
  await until(() =>
    replicas.every(
      (replica) =>
        replica.get(KeysService).ownersOf('a job', count).length === count,
    ),
  );
  return replicas;
}

/** Starts one, the test's only one so far, and waits until it takes part. */
export async function startReplica(setup: ReplicaSetup): Promise<Replica> {
  const [replica] = await startReplicas(1, setup);
  return replica!;
}

/** Starts one more, which joins those that are left, and waits until it takes part. */
export async function addReplica(): Promise<Replica> {
  return ready(await addApp(metadata));
}

async function ready(replica: TestReplica): Promise<Replica> {
  const schedule = replica.get(ScheduleService);
  const jobEvents: JobEvent[] = [];
  schedule.events$.subscribe((event) => jobEvents.push(event));
  await until(() => schedule.isReady);
  return { ...replica, schedule, jobEvents };
}
