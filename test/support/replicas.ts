import {
  Logger,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
} from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  PeerCloudModule,
  type PeerCloudEvent,
} from '../../src/index.js';
import type { TestPeerOptions } from '../../src/testing/index.js';
import { createCloud, type Cloud } from './clouds.js';

/** One app of a test cloud. */
export interface TestReplica {
  id: string;
  app: INestApplication;
  membership: MembershipService;
  messaging: MessagingService;
  /** What has happened since it is here. */
  events: PeerCloudEvent[];
  get: INestApplication['get'];
  close(): Promise<void>;
}

export interface ReplicaSetup extends ModuleMetadata {
  peerCloud?: TestPeerOptions | ((index: number) => TestPeerOptions);
  /** Where the log goes, which all apps of a process share. Default: nowhere. */
  logger?: LoggerService;
}

const clouds = new Set<Cloud>();

/** Ends every test cloud that a test has left running; for `afterEach`. */
export async function closeReplicas(): Promise<void> {
  const open = [...clouds];
  clouds.clear();
  await Promise.all(open.map((cloud) => cloud.close()));
}

/** Starts a cloud of equal apps, where the network is not what is tested. */
export async function startReplicas(
  count: number,
  { peerCloud, logger, ...setup }: ReplicaSetup = {},
): Promise<TestReplica[]> {
  const cloud = await createCloud(count, withCloud(setup), {
    peerCloud,
    createApp: (module) => {
      Logger.overrideLogger(logger ?? false);
      return module.createNestApplication({ logger: logger ?? false });
    },
  });
  clouds.add(cloud);
  return cloud.apps.map((_, index) => replicaOf(cloud, index));
}

/** Starts another app, which joins those of the test. */
export async function addReplica(
  setup: ModuleMetadata = {},
): Promise<TestReplica> {
  const [cloud] = clouds;
  const [index] = await cloud!.add(1, withCloud(setup));
  return replicaOf(cloud!, index!);
}

function withCloud({ imports = [], ...rest }: ModuleMetadata): ModuleMetadata {
  return { imports: [PeerCloudModule.forRoot(), ...imports], ...rest };
}

function replicaOf(cloud: Cloud, index: number): TestReplica {
  const app = cloud.apps[index]!;
  const get = ((token: never) => cloud.get(index, token)) as TestReplica['get'];
  const membership = get(MembershipService);
  const events: PeerCloudEvent[] = [];
  membership.events$.subscribe((event) => events.push(event));
  return {
    id: cloud.id(index),
    app,
    membership,
    messaging: get(MessagingService),
    events,
    get,
    close: () => app.close(),
  };
}
