import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import type { MembershipCore } from '../../../../src/membership/core/membership-core.js';
import {
  MEMBERSHIP_CORE,
  PEER_TRANSPORT,
  REQUEST_VERIFIER,
} from '../../../../src/options/peer-cloud.tokens.js';
import { PeerCloudModule } from '../../../../src/peer-cloud.module.js';
import type { RequestVerifier } from '../../../../src/security/security.interface.js';
import type { JsonObject } from '../../../../src/wire/json.js';
import { LogLines } from './log-lines.js';
import { ScriptedTransport } from './scripted-transport.js';

export type AdapterName = 'express' | 'fastify';
export type Mode = 'mounted' | 'own listener';

/** Every way in which the protocol can be served. */
export const WAYS: readonly { adapter: AdapterName; mode: Mode }[] = [
  { adapter: 'express', mode: 'mounted' },
  { adapter: 'fastify', mode: 'mounted' },
  { adapter: 'express', mode: 'own listener' },
  { adapter: 'fastify', mode: 'own listener' },
];

type ForRootOptions = NonNullable<
  Parameters<typeof PeerCloudModule.forRoot>[0]
>;

/** What the app around the protocol looks like. */
export interface ProtocolAppSetup {
  adapter?: AdapterName;
  mode?: Mode;
  options?: ForRootOptions;
  imports?: (DynamicModule | Type)[];
  controllers?: Type[];
  providers?: (Type | { provide: symbol | string; useClass: Type })[];
  /** What a `main.ts` does before it listens. */
  prepare?: (app: INestApplication<Server>) => void;
  /** Options of `createNestApplication`. */
  nest?: { bodyParser?: boolean; rawBody?: boolean };
  httpAdapter?: AbstractHttpAdapter;
  verifier?: RequestVerifier;
}

/** A peer under test; all others are the transport's script. */
export interface ProtocolApp {
  app: INestApplication<Server>;
  core: MembershipCore;
  transport: ScriptedTransport;
  logs: LogLines;
  /** A POST to an endpoint; the body goes out as JSON, the sender's id in its header. */
  post(path: string, body?: unknown, sender?: string): request.Test;
  /** Lets a peer join through the endpoint, at a port of 127.0.0.1, and checks that it is in. */
  join(id: string, port: number, more?: JsonObject): Promise<JsonObject>;
  /** Where requests go. */
  url: string;
  close(): Promise<void>;
}

export const SELF_ID = 'peer-under-test';

export async function createProtocolApp(
  setup: ProtocolAppSetup = {},
): Promise<ProtocolApp> {
  const transport = new ScriptedTransport();
  const logs = new LogLines();
  const app = await createApp(setup, transport, logs);
  const core = app.get<MembershipCore>(MEMBERSHIP_CORE);
  const port =
    setup.mode === 'own listener' ? core.self.port : await listen(app);
  const url = `http://127.0.0.1:${port}`;
  const post: ProtocolApp['post'] = (path, body, sender) => {
    const test = request(url).post(path);
    if (sender !== undefined) {
      test.set('x-peercloud-id', sender);
    }
    return body === undefined ? test : test.send(body as object);
  };
  const join: ProtocolApp['join'] = async (id, port, more) => {
    transport.answer(`127.0.0.1:${port}`, id);
    const answer = await post('/join', { id, port, ...more });
    expect(answer.body).toMatchObject({ status: 'joined', id });
    return answer.body as JsonObject;
  };
  const close = () => app.close();
  return { app, core, transport, logs, url, post, join, close };
}

async function createApp(
  setup: ProtocolAppSetup,
  transport: ScriptedTransport,
  logs: LogLines,
): Promise<INestApplication<Server>> {
  const { imports = [], controllers = [], providers = [] } = setup;
  const options = {
    id: SELF_ID,
    data: { role: 'under test' },
    healthCheck: false as const,
    ...(setup.mode === 'own listener' && {
      listener: { port: 0, host: '127.0.0.1' },
    }),
    ...setup.options,
  };
  const builder = Test.createTestingModule({
    imports: [PeerCloudModule.forRoot(options), ...imports],
    controllers,
    providers,
  })
    .setLogger(logs)
    .overrideProvider(PEER_TRANSPORT)
    .useValue(transport);
  if (setup.verifier) {
    builder.overrideProvider(REQUEST_VERIFIER).useValue(setup.verifier);
  }
  const module = await builder.compile();
  const app = module.createNestApplication<INestApplication<Server>>(
    setup.httpAdapter ?? createAdapter(setup.adapter ?? 'express'),
    { logger: logs, ...setup.nest },
  );
  setup.prepare?.(app);
  await app.init();
  if (setup.adapter === 'fastify') {
    await (app.getHttpAdapter() as FastifyAdapter).getInstance().ready();
  }
  return app;
}

/** Opens the port without the module's knowledge: nothing is joined, nothing runs in the background. */
async function listen(app: INestApplication<Server>): Promise<number> {
  const server = app.getHttpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function createAdapter(name: AdapterName): AbstractHttpAdapter {
  return name === 'express' ? new ExpressAdapter() : new FastifyAdapter();
}
