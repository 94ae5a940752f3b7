import type { Server } from 'node:http';
import {
  All,
  Controller,
  Get,
  Injectable,
  Post,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SelfCheckService } from '../../../src/protocol/index.js';
import { HttpPeerTransport } from '../../../src/transport/http/http-peer.transport.js';
import {
  createPeerHttpService,
  type PeerHttpService,
} from '../../../src/transport/http/peer-http.service.js';
import { EverythingIsPrivateGuard, Public } from './support/hostile-app.js';
import {
  createProtocolApp,
  type AdapterName,
  type ProtocolApp,
  type ProtocolAppSetup,
} from './support/protocol-app.js';

const ADAPTERS: AdapterName[] = ['express', 'fastify'];
const ALL = ['status', 'message', 'join', 'joined', 'left', 'update', 'sync'];
const MAX_ANSWER = 1024 * 1024;

/** A reserved port, at which nobody listens. */
const CLOSED_PORT = 1;

@Injectable()
class MessageOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getHandler().name === 'message') {
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Controller()
class OwnStatusController {
  @Post('status')
  status() {
    return { healthy: true };
  }
}

@Controller()
class OwnMessageController {
  calls = 0;

  @Post('message')
  message() {
    return { ok: ++this.calls };
  }
}

@Controller()
class OwnJoinController {
  @All('join')
  join() {
    return {};
  }
}

@Controller()
class OwnPageController {
  @Get('status')
  page() {
    return {};
  }
}

type Middleware = (
  req: { url: string; method: string },
  res: Reply,
  next: () => void,
) => void;

interface Reply {
  writeHead(status: number, headers?: object): Reply;
  end(text?: string): void;
}

/** What stands in front of the app: a middleware of `main.ts`, ahead of the gate even. */
function inFront(middleware: Middleware) {
  return (app: INestApplication<Server>) => {
    const server = app.getHttpServer();
    const [listener] = server.listeners('request') as [
      (req: object, res: object) => void,
    ];
    server.removeAllListeners('request');
    server.on('request', (req, res) =>
      middleware(req as never, res as never, () => listener(req, res)),
    );
  };
}

describe.each(ADAPTERS)('self-check, %s', (adapter) => {
  let peer: ProtocolApp | undefined;
  let http: PeerHttpService;

  beforeEach(() => {
    http = connect();
  });

  afterEach(async () => {
    await http.destroy();
    await peer?.close();
    peer = undefined;
  });

  async function check(setup: ProtocolAppSetup, port?: number) {
    peer = await createProtocolApp({ adapter, ...setup });
    const { core, logs, url } = peer;
    const service = serviceOf(peer, http);
    await peer.join('member-a', 4001);
    const before = logs.of('warn').length;
    const findings = await service.run({
      ip: '127.0.0.1',
      port: port ?? Number(new URL(url).port),
    });
    const warnings = logs.of('warn').slice(before);
    expect(core.members()).toHaveLength(1);
    return { findings, warnings, reasons: findings.map((one) => one.reason) };
  }

  it('finds nothing where nothing stands in the way', async () => {
    const { findings, warnings } = await check({});
    expect(findings).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('names a guard that asks for a login, once, and the cure', async () => {
    const { findings, warnings } = await check({
      providers: [{ provide: APP_GUARD, useClass: MessageOnlyGuard }],
    });
    expect(findings.map(({ endpoint }) => endpoint)).toEqual(['message']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/POST \/message .*guard.*401.*decorators/);
  });

  it('is content once the guard lets the protocol through', async () => {
    const { findings } = await check({
      options: { decorators: [Public()] },
      providers: [{ provide: APP_GUARD, useClass: EverythingIsPrivateGuard }],
    });
    expect(findings).toEqual([]);
  });

  it('names a wrong port', async () => {
    const { findings, warnings } = await check({}, CLOSED_PORT);
    expect(findings).toMatchObject([{ endpoint: 'status' }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/nobody listens there/);
  });

  it('names another peer at the address', async () => {
    const other = await createProtocolApp({ options: { id: 'another' } });
    const port = Number(new URL(other.url).port);
    const { reasons } = await check({}, port);
    expect(reasons[0]).toMatch(/another peer answers there/);
    await other.close();
  });

  it.each([
    [302, /redirect/],
    [401, /guard or a middleware/],
    [404, /no route answers it/],
    [413, /reads its bodies/],
    [429, /rate limit/],
    [400, /answers it \(400\)/],
    [502, /fails at it \(502\)/],
  ])('explains a %s', async (status, reason) => {
    const { findings, warnings, reasons } = await check({
      prepare: inFront((req, res, next) =>
        isJoinOfTheTest(req) ? next() : res.writeHead(status).end(),
      ),
    });
    expect(findings.map(({ endpoint }) => endpoint)).toEqual(
      ALL.filter((endpoint) => endpoint !== 'join'),
    );
    expect(warnings).toHaveLength(1);
    expect(reasons[0]).toMatch(reason);
  });
});

function connect(): PeerHttpService {
  return createPeerHttpService({
    timeout: 10_000,
    maxAnswerBytes: MAX_ANSWER,
    connectionsPerPeer: 4,
    maxConnectedPeers: 4,
    maxRequestsToPeer: 100,
    maxHeaderBytes: 16 * 1024,
  });
}

function serviceOf({ core }: ProtocolApp, http: PeerHttpService) {
  const transport = new HttpPeerTransport(http, {
    selfId: () => core.id,
    maxAnswerBytes: MAX_ANSWER,
  });
  return new SelfCheckService(core, transport);
}

describe('self-check, routes of the app', () => {
  it.each([
    ['/status', OwnStatusController],
    ['/message', OwnMessageController],
  ])('finds the app’s own POST %s on Express', async (path, controller) => {
    const http = connect();
    const peer = await createProtocolApp({ controllers: [controller] });
    const service = serviceOf(peer, http);
    const port = Number(new URL(peer.url).port);
    const findings = await service.run({ ip: '127.0.0.1', port });
    expect(findings).toMatchObject([
      {
        endpoint: path.slice(1),
        reason: expect.stringContaining("a route of the app's own"),
      },
    ]);
    await http.destroy();
    await peer.close();
  });

  it.each([
    ['/status', OwnStatusController],
    ['/message', OwnMessageController],
    ['/join', OwnJoinController],
  ])('names the app’s own POST %s on Fastify', async (path, controller) => {
    const starting = createProtocolApp({
      adapter: 'fastify',
      controllers: [controller],
    });
    await expect(starting).rejects.toMatchObject({
      code: 'ROUTE_TAKEN',
      message: expect.stringMatching(
        `POST ${path},.* move that route, or .* option listener`,
      ),
    });
  });

  it('lets the app have them on Fastify beside an own listener, and for other methods', async () => {
    const aside = await createProtocolApp({
      adapter: 'fastify',
      mode: 'own listener',
      controllers: [OwnStatusController],
    });
    await aside.close();
    const mounted = await createProtocolApp({
      adapter: 'fastify',
      controllers: [OwnPageController],
    });
    await mounted.close();
  });
});

/** The test's own join has to come through; only the self-check's questions are in question. */
function isJoinOfTheTest({ url }: { url: string }): boolean {
  return url === '/join';
}
