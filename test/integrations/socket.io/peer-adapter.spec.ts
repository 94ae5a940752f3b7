import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import {
  createPeerAdapter,
  PeerIoAdapter,
} from '../../../src/integrations/socket.io/index.js';
import { MessagingService } from '../../../src/index.js';
import { freePort } from '../../../demo/free-port.js';
import {
  agree,
  closePeers,
  startPeer,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import {
  connect,
  disconnectAll,
  heardBy,
  startReplica,
  startReplicas,
  untilMet,
} from './cluster.js';

/** What is logged of sockets. */
class Log implements LoggerService {
  readonly lines: string[] = [];

  log(message: string, ...rest: unknown[]): void {
    this.#keep('log', message, rest);
  }
  warn(message: string, ...rest: unknown[]): void {
    this.#keep('warn', message, rest);
  }
  error(message: string, ...rest: unknown[]): void {
    this.#keep('error', message, rest);
  }

  #keep(level: string, message: string, rest: unknown[]): void {
    if (rest.at(-1) === 'PeerSockets') {
      this.lines.push(`${level}: ${message}`);
    }
  }
}

const servers = new Set<Server>();

afterEach(async () => {
  disconnectAll();
  await Promise.all([...servers].map((server) => server.close()));
  servers.clear();
  await closePeers();
});

describe('order', () => {
  it('goes round a packet that is too large, with a line that says so', async () => {
    const logger = new Log();
    const [first, second] = await startReplicas(2, { logger });
    const there = heardBy(await connect(second!));
    const here = heardBy(await connect(first!));
    first!.server.emit('before');
    first!.server.emit('large', Buffer.alloc(2 ** 20));
    first!.server.emit('after');
    await until(() => there.length === 2 && here.length === 3);
    expect(there).toEqual([['before'], ['after']]);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(
      /^error: a packet of namespace \/ did not go to peer .* maxMessageBytes/,
    );
  });

  it('goes round a packet that is no JSON, with a line that says so', async () => {
    const logger = new Log();
    const [first, second] = await startReplicas(2, { logger });
    const there = heardBy(await connect(second!));
    first!.server.serverSideEmit('number', 1n);
    first!.server.emit('after');
    await until(() => there.length === 1);
    expect(logger.lines).toEqual([
      'error: a packet of namespace / cannot go to other peers',
    ]);
  });
});

describe('a peer that leaves', () => {
  it('is waited for no longer, nor counted', async () => {
    const replicas = await startReplicas(3);
    const clients = await Promise.all(replicas.map((each) => connect(each)));
    const [{ server }, , last] = replicas as [
      (typeof replicas)[0],
      (typeof replicas)[0],
      (typeof replicas)[0],
    ];
    clients.slice(0, 2).forEach(({ socket }, at) => {
      socket.on('test', (ack: (value: number) => void) => ack(at));
    });
    let arrived = false;
    clients[2]!.socket.on('test', () => (arrived = true));
    last.server.on('hello' as never, (() => undefined) as never);
    replicas[1]!.server.on(
      'hello' as never,
      ((ack: (value: number) => void) => ack(1)) as never,
    );
    const acknowledged = server.timeout(60_000).emitWithAck('test');
    const heard = server.serverSideEmitWithAck('hello');
    await until(() => arrived);
    await last.close();
    expect(new Set((await acknowledged) as number[])).toEqual(new Set([0, 1]));
    expect(await heard).toEqual([1]);
    expect(await server.of('/').adapter.serverCount()).toBe(2);
    expect(await server.fetchSockets()).toHaveLength(2);
  });
});

describe('a peer that comes', () => {
  it('is reached from its first socket on', async () => {
    const first = await startReplica();
    const second = await startReplica({ options: { peers: [first.address] } });
    const heard = heardBy(await connect(second));
    await untilMet([first, second]);
    first.server.emit('test');
    await until(() => heard.length > 0);
  });
});

describe('what peers should not send', () => {
  it('a peer without sockets is told of, and counts for nothing', async () => {
    const logger = new Log();
    const first = await startReplica({ logger });
    const bare = await startPeer({
      options: { peers: [first.address] },
      logger,
    });
    await until(() => agree([first, bare]));
    await until(() => logger.lines.length > 0);
    expect(logger.lines).toEqual([
      `log: peer ${bare.membership.self.id} has no Socket.IO adapter of this cloud: no client is sought there`,
    ]);
    expect(await first.server.of('/').adapter.serverCount()).toBe(1);
    expect(await first.server.fetchSockets()).toEqual([]);
    first.server.emit('test');
  });

  it('garbage is refused with one line, and changes nothing', async () => {
    const logger = new Log();
    const first = await startReplica({ logger });
    const bare = await startPeer({
      options: { peers: [first.address] },
      logger,
    });
    await until(() => agree([first, bare]));
    await until(() => logger.lines.length > 0);
    logger.lines.length = 0;
    const heard = heardBy(await connect(first));
    const channel = bare.messaging.channel('socket.io');
    const session = 's';
    const publication = { n: 1, session, server: '', nsp: '/', work: 'emit' };
    for (const body of [
      {},
      { n: 1 },
      { n: -1, session },
      { n: '1', session, skip: true },
      { ...publication },
      { ...publication, data: [] },
      { ...publication, data: {}, bin: [['a', 1]] },
      { hello: 1, session },
      { hello: 'x' },
      { answer: 1, values: {}, of: 1 },
    ]) {
      await expect(channel.send(first.id, body)).rejects.toMatchObject({
        code: 'BAD_STATUS',
        status: 400,
      });
    }
    expect(logger.lines).toEqual([
      `warn: peer ${bare.membership.self.id} sends what is no message of the Socket.IO adapter; it is left out, and this is said once`,
    ]);
    logger.lines.length = 0;
    // The right shape, and no sense in it.
    await channel.send(first.id, { hello: 1, session, from: 1 });
    const works = [
      { work: 'emit', data: {} },
      { work: 'emit', data: { rooms: [], except: [], packet: 1 } },
      { work: 'join', data: { rooms: [], except: [], to: 1 } },
      { work: 'event', data: {} },
      { work: 'event', data: { args: 1 } },
      { work: 'unheard of', data: { rooms: [], except: [] } },
      { work: 'emit', data: { packet: null }, bin: [[['packet', 'x'], '']] },
      { work: 'fetch', data: { rooms: 1, except: 1 }, ask: true },
    ];
    for (const [at, work] of works.entries()) {
      await channel.send(first.id, { ...publication, n: 1 + at, ...work });
    }
    await channel.send(first.id, { answer: 99, values: [1], of: 1 });
    const errors = logger.lines.filter((line) => line.startsWith('error'));
    expect(errors.length).toBeGreaterThan(3);
    expect(errors.every((line) => line.includes('failed in'))).toBe(true);
    first.server.emit('test');
    await until(() => heard.length > 0);
    expect(heard).toEqual([['test']]);
  });

  it('another version is told of, and left alone', async () => {
    const logger = new Log();
    const first = await startReplica({ logger });
    const other = await startPeer({
      options: { peers: [first.address] },
      logger,
      prepare: (app) =>
        app
          .get(MessagingService, { strict: false })
          .channel('socket.io')
          .handle(() => ({ hello: 0 })),
    });
    await until(() => agree([first, other]));
    await until(() => logger.lines.length > 0);
    expect(logger.lines).toEqual([
      `warn: peer ${other.membership.self.id} speaks version 0 of the Socket.IO adapter, which this peer does not: their clients do not reach each other`,
    ]);
    expect(await first.server.of('/').adapter.serverCount()).toBe(1);
  });
});

describe('servers', () => {
  it('a bare one has its rooms at all peers', async () => {
    const peers = [await startPeer()];
    peers.push(await startPeer({ options: { peers: [peers[0]!.address] } }));
    await until(() => agree(peers));
    const bare = peers.map(({ app }) => listen(createPeerAdapter(app)));
    const [, there] = await Promise.all(bare.map(connectTo));
    await until(
      async () => (await bare[0]!.of('/').adapter.serverCount()) === 2,
    );
    const heard: unknown[] = [];
    there!.on('test', (value) => heard.push(value));
    bare[0]!.emit('test', 1);
    await until(() => heard.length > 0);
    expect(await bare[1]!.fetchSockets()).toHaveLength(2);
  });

  it('several of one app are told apart by their names', async () => {
    const peers = [await startPeer()];
    peers.push(await startPeer({ options: { peers: [peers[0]!.address] } }));
    await until(() => agree(peers));
    const admin = { name: 'admin' };
    const mine = listen(createPeerAdapter(peers[0]!.app, admin));
    listen(createPeerAdapter(peers[0]!.app));
    const { membership, messaging } = peers[1]!;
    const services = { membership, messaging };
    const theirs = [admin, {}].map((options) =>
      listen(createPeerAdapter(services, options)),
    );
    const clients = await Promise.all(theirs.map(connectTo));
    const heard: string[] = [];
    clients.forEach((client, at) =>
      client.on('test', () => heard.push(['admin', 'usual'][at]!)),
    );
    await until(async () => (await mine.fetchSockets()).length > 0);
    mine.emit('test');
    mine.emit('test');
    await until(() => heard.length === 2);
    expect(heard).toEqual(['admin', 'admin']);
    expect(() => listen(createPeerAdapter(peers[0]!.app, admin))).toThrow(
      expect.objectContaining({ code: 'NAMESPACE_TAKEN' }),
    );
  });

  it('gateways with a port of their own have servers of their own', async () => {
    const port = await freePort();
    @WebSocketGateway(port)
    class OwnPort {
      @WebSocketServer()
      readonly server!: Server;
    }
    const { app } = await startPeer({
      providers: [OwnPort],
      prepare: (each) => each.useWebSocketAdapter(new PeerIoAdapter(each)),
    });
    const { server } = app.get(OwnPort);
    expect(server.of('/').adapter).toMatchObject({ server: String(port) });
  });

  it('need a cloud', () => {
    const app = {
      get: () => {
        throw new Error('no such provider');
      },
    };
    expect(() => createPeerAdapter(app)).toThrow(
      expect.objectContaining({ code: 'NO_PEER_CLOUD' }),
    );
  });

  it('cannot recover connections, and say so', async () => {
    const logger = new Log();
    const { app } = await startPeer({ logger });
    listen(createPeerAdapter(app), { connectionStateRecovery: {} });
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn: connectionStateRecovery does nothing here/),
    ]);
  });

  function listen(adapter: unknown, options: object = {}): Server {
    const http = createServer();
    const server = new Server(http, { ...options, adapter: adapter as never });
    servers.add(server);
    http.listen(0, '127.0.0.1');
    return server;
  }

  async function connectTo(server: Server) {
    const http = server.httpServer as unknown as ReturnType<
      typeof createServer
    >;
    await until(() => http.listening);
    const { port } = http.address() as AddressInfo;
    const client = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
    });
    bareClients.push(client);
    await until(() => client.connected);
    return client;
  }

  const bareClients: ReturnType<typeof io>[] = [];
  afterEach(() => {
    bareClients.splice(0).forEach((client) => client.disconnect());
  });
});
