import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  Module,
  type DynamicModule,
  type INestApplication,
  type INestApplicationContext,
  type LoggerService,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { MembershipCore } from '../../../../src/membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../../../../src/options/peer-cloud.tokens.js';
import {
  MembershipService,
  MessagingService,
  PeerCloudModule,
  type PeerCloudEvent,
  type PeerCloudOptions,
} from '../../../../src/index.js';
import { natsTransport } from '../../../../src/integrations/nats/index.js';
import { ON_NATS } from '../../../support/clouds.js';
import type { Certificate } from '../../../support/certificates.js';
import { until, type UntilOptions } from '../../../support/until.js';

export type AdapterName = 'express' | 'fastify';

/** Where the protocol is answered: in the app, beside the app, in an app without HTTP, or by the option `transport`, without HTTP either. */
export type Place = 'mounted' | 'own listener' | 'worker' | 'transport';

export interface PeerAppSetup {
  adapter?: AdapterName;
  place?: Place;
  options?: PeerCloudOptions;
  /** The module itself, instead of `forRoot(options)`. */
  module?: DynamicModule;
  imports?: (Type | DynamicModule)[];
  controllers?: Type[];
  providers?: Provider[];
  host?: string;
  port?: number;
  /** What the app does in its `main.ts` before it listens. */
  prepare?: (app: INestApplication) => unknown;
  /** False: the app is initialised and no more. */
  listen?: false;
  /** The app's own server speaks HTTPS. */
  https?: Certificate;
  /** Changes the app's own server before it listens. */
  onServer?: (server: Server) => void;
  /** Where the log goes, which all apps of a process share. Default: nowhere. */
  logger?: LoggerService;
}

/** A running app with the module. */
export interface PeerApp {
  app: INestApplicationContext;
  membership: MembershipService;
  messaging: MessagingService;
  /** Everything that has happened, in order. */
  events: PeerCloudEvent[];
  /** Port of the protocol. */
  port: number;
  /** As in the option `peers`. */
  address: string;
  close(): Promise<void>;
}

/** Quick to judge and to heal, since the tests' clouds are on one machine, and patient with replies, since that may be busy. */
export const QUICK: PeerCloudOptions = {
  membership: { profile: 'local' },
  messageTimeout: 20_000,
};

/** What is connected to each server, upgraded sockets included. */
const connections = new WeakMap<Server, Set<Socket>>();

const running = new Set<PeerApp>();

/** Where the specs run on NATS, all peers of a test are of one cloud. */
let natsCloud = randomUUID();

/** Ends every app that a test has left running; for `afterEach`. */
export async function closePeers(): Promise<void> {
  natsCloud = randomUUID();
  await Promise.all([...running].map((peer) => peer.close()));
}

/** Starts an app; it is listening, and tries to join. */
export async function startPeer(setup: PeerAppSetup = {}): Promise<PeerApp> {
  const app = await createApp(setup);
  const events: PeerCloudEvent[] = [];
  const membership = app.get(MembershipService, { strict: false });
  membership.events$.subscribe((event) => events.push(event));
  try {
    await listen(app, setup);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = membership.self;
  const host = setup.host ?? '127.0.0.1';
  const peer: PeerApp = {
    app,
    membership,
    messaging: app.get(MessagingService, { strict: false }),
    events,
    port,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    close: async () => {
      if (running.delete(peer)) {
        await app.close();
      }
    },
  };
  running.add(peer);
  return peer;
}

/** Ids of everyone that a peer knows, itself included, sorted: equal lists are equal arrays. */
export function listOf({ membership }: PeerApp): string[] {
  return [membership.self, ...membership.peers()].map(({ id }) => id).sort();
}

/** True once all of these peers, and nobody else, are on the list of each. */
export function agree(peers: readonly PeerApp[]): boolean {
  const everyone = peers.map(({ membership }) => membership.self.id).sort();
  const text = everyone.join();
  return peers.every((peer) => listOf(peer).join() === text);
}

/**
 * Lets a peer check its members, one period of failure detection after the other, until a condition
 * holds. Its schedule would have one period a second.
 */
export function checkUntil<T>(
  { app }: PeerApp,
  condition: () => T,
  options: UntilOptions = {},
): Promise<NonNullable<T>> {
  const core = app.get<MembershipCore>(MEMBERSHIP_CORE, { strict: false });
  return until(
    async () => {
      await core.tick();
      return condition();
    },
    { what: condition.toString(), ...options },
  );
}

/** The peer's own failure detection does nothing any more. */
export function checkNobody({ app }: PeerApp): void {
  const core = app.get<MembershipCore>(MEMBERSHIP_CORE, { strict: false });
  core.tick = () => Promise.resolve();
}

/** The peer falls silent from one moment to the next, as if its process was gone. */
export function cutOff({ app }: PeerApp): void {
  app.get<MembershipCore>(MEMBERSHIP_CORE, { strict: false }).stop();
  const server = (app as INestApplication).getHttpServer() as Server;
  server.close();
  connections.get(server)?.forEach((socket) => socket.destroy());
}

async function createApp(
  setup: PeerAppSetup,
): Promise<INestApplicationContext> {
  const { place = 'mounted', options, imports = [], ...rest } = setup;
  const listener = { port: setup.port ?? 0, host: setup.host ?? '127.0.0.1' };
  const hasTransport = place === 'transport' || (ON_NATS && !setup.module);
  const module =
    setup.module ??
    PeerCloudModule.forRoot({
      ...QUICK,
      ...(place !== 'mounted' && !hasTransport && { listener }),
      ...(hasTransport && { transport: natsTransport(), cloud: natsCloud }),
      ...options,
      ...(ON_NATS && { peers: undefined }),
    });
  @Module({
    imports: [module, ...imports],
    controllers: rest.controllers,
    providers: rest.providers,
  })
  class PeerAppModule {}
  const { https } = setup;
  const context = {
    logger: setup.logger ?? false,
    abortOnError: false,
    ...(https && setup.adapter !== 'fastify' && { httpsOptions: https }),
  } as const;
  if (place === 'worker' || place === 'transport') {
    return NestFactory.createApplicationContext(PeerAppModule, context);
  }
  const app = await NestFactory.create(
    PeerAppModule,
    createAdapter(setup.adapter, https),
    context,
  );
  await setup.prepare?.(app);
  return app;
}

async function listen(
  app: INestApplicationContext,
  { place, port = 0, host = '127.0.0.1', ...rest }: PeerAppSetup,
): Promise<void> {
  if (place === 'worker' || place === 'transport') {
    return;
  }
  const server = (app as INestApplication).getHttpServer() as Server;
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  rest.onServer?.(server);
  if (rest.listen === false) {
    await app.init();
    return;
  }
  const mounted = place === undefined || place === 'mounted';
  await (app as INestApplication).listen(mounted ? port : 0, host);
}

/** Port of the app's own server. */
export function appPort({ app }: PeerApp): number {
  const server = (app as INestApplication).getHttpServer() as Server;
  return (server.address() as AddressInfo).port;
}

function createAdapter(
  name: AdapterName = 'express',
  https?: Certificate,
): AbstractHttpAdapter {
  if (name === 'express') {
    return new ExpressAdapter();
  }
  return https ? new FastifyAdapter({ https }) : new FastifyAdapter();
}
