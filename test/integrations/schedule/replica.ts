import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import {
  PeerScheduleModule,
  ScheduleService,
  type JobEvent,
  type PeerScheduleOptions,
} from '../../../src/integrations/schedule/index.js';
import { KeysService, PeerCloudModule } from '../../../src/index.js';
import { createCloud, type Cloud } from '../../support/clouds.js';
import { until } from '../../support/until.js';

/** An app with jobs. */
export interface Replica {
  id: string;
  schedule: ScheduleService;
  /** What happened to jobs here. */
  jobEvents: JobEvent[];
  get<T>(type: Type<T>): T;
  close(): Promise<void>;
}

/** What each replica of a cloud is made of. */
export interface ReplicaSetup {
  providers?: Provider[];
  imports?: (Type | DynamicModule)[];
  options?: PeerScheduleOptions;
}

let cloud: Cloud | undefined;

/** Ends every replica that a test has left running; for `afterEach`. */
export async function closeReplicas(): Promise<void> {
  await cloud?.close();
  cloud = undefined;
}

/** Starts several, the test's only ones so far, and waits until each knows that all of them may own jobs. */
export async function startReplicas(
  count: number,
  { providers, imports = [], options }: ReplicaSetup,
): Promise<Replica[]> {
  cloud = await createCloud(
    count,
    {
      imports: [
        // Quiet for 0.3 s is settled.
        PeerCloudModule.forRoot({
          membership: { profile: 'local', joinRetryMin: 50 },
        }),
        ScheduleModule.forRoot(),
        PeerScheduleModule.forRoot(options),
        ...imports,
      ],
      providers,
    },
    // Those of ScheduleModule.
    { createApp: (module) => module.createNestApplication({ logger: false }) },
  );
  const replicas = await Promise.all(
    Array.from({ length: count }, (_, index) => ready(cloud!, index)),
  );
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
  const [index] = await cloud!.add();
  return ready(cloud!, index!);
}

async function ready(among: Cloud, index: number): Promise<Replica> {
  const get: Replica['get'] = (type) => among.get(index, type);
  const app = among.apps[index]!;
  const schedule = get(ScheduleService);
  const jobEvents: JobEvent[] = [];
  schedule.events$.subscribe((event) => jobEvents.push(event));
  await until(() => schedule.isReady);
  return {
    id: among.id(index),
    schedule,
    jobEvents,
    get,
    close: () => app.close(),
  };
}
