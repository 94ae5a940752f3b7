import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import {
  Body,
  Controller,
  Get,
  Headers,
  Injectable,
  Module,
  Post,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { io } from 'socket.io-client';
import WebSocket, { WebSocketServer } from 'ws';
import { OnPeerMessage } from '../../../src/index.js';
import { CertificateAuthority } from '../../support/certificates.js';
import { until } from '../../support/until.js';
import {
  appPort,
  closePeers,
  startPeer,
  type AdapterName,
  type PeerAppSetup,
} from '../module/support/peer-app.js';
import { startPair } from '../messaging/support/message-pair.js';
import { RequestsSeen } from '../messaging/support/requests-seen.js';

@Controller()
class Pages {
  @Get('hello')
  hello(@Headers() { upgrade, connection }: Record<string, string>) {
    return { hello: 'world', upgrade, connection };
  }

  @Post('echo')
  echo(@Body() body: object) {
    return { body };
  }
}

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object) {
    return body;
  }
}

const seen = new RequestsSeen();
const plainApps: INestApplication[] = [];
const certificate = new CertificateAuthority().issue('127.0.0.1');

beforeEach(() => seen.start());
afterEach(async () => {
  await Promise.all([
    closePeers(),
    ...plainApps.splice(0).map((app) => app.close()),
  ]);
  seen.stop();
});

/** The app as it is without the module; gives its port. */
async function startWithout(
  adapter: AdapterName,
  isSecure = false,
  onServer?: (server: Server) => void,
): Promise<number> {
  @Module({ controllers: [Pages] })
  class PlainModule {}
  const https = isSecure ? certificate : undefined;
  const made: AbstractHttpAdapter =
    adapter === 'express'
      ? new ExpressAdapter()
      : https
        ? new FastifyAdapter({ https })
        : new FastifyAdapter();
  const app = await NestFactory.create<INestApplication<Server>>(
    PlainModule,
    made,
    {
      logger: false,
      ...(https && adapter === 'express' && { httpsOptions: https }),
    },
  );
  onServer?.(app.getHttpServer());
  await app.listen(0, '127.0.0.1');
  plainApps.push(app);
  return Number(new URL(await app.getUrl()).port);
}

/**
 * Writes pieces to a port, and gives all that comes until the other side is done. A further request waits
 * for the answer to the one before: what is sent ahead of an answer to an offer, Node itself loses.
 */
async function talk(
  port: number,
  pieces: readonly string[],
  isSecure = false,
): Promise<string> {
  const socket: Socket = isSecure
    ? tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  let answered = 0;
  for (const piece of pieces) {
    if (/^(GET|POST) /.test(piece)) {
      await until(() => answered === 0 || text.length > answered);
      answered = text.length + 1;
    }
    socket.write(piece, 'latin1');
    await until(() => socket.bytesWritten > 0 && socket.writableLength === 0);
  }
  await closed;
  return text.replaceAll(/^date:.*$/gim, 'date: now');
}

const OFFER =
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n';
const LAST = 'GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

const CONVERSATIONS: Record<string, string[]> = {
  'a GET and the next request': [
    `GET /hello HTTP/1.1\r\nHost: x\r\n${OFFER}\r\n`,
    LAST,
  ],
  'a POST whose body comes in two pieces': [
    `POST /echo HTTP/1.1\r\nHost: x\r\n${OFFER}Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{"a":`,
    '"bcdef"}',
    LAST,
  ],
  'a chunked POST': [
    `POST /echo HTTP/1.1\r\nHost: x\r\n${OFFER}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`,
    '0\r\n\r\n',
    LAST,
  ],
  'a path that is not there': [
    `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Latin: \u00e9\r\n\r\n`,
    LAST,
  ],
  'our path with another offer': [
    `GET /stream HTTP/1.1\r\nHost: x\r\n${OFFER}\r\n`,
    LAST,
  ],
  'two offers, one after the other': [
    `GET /hello HTTP/1.1\r\nHost: x\r\n${OFFER}\r\n`,
    `GET /hello HTTP/1.1\r\nHost: x\r\n${OFFER}\r\n`,
    LAST,
  ],
  'an offer with the end of the connection': [
    'GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n',
  ],
};

describe.each<[AdapterName, boolean]>([
  ['express', false],
  ['fastify', false],
  ['express', true],
  ['fastify', true],
])('where nobody else takes upgrades (%s, TLS: %s)', (adapter, isSecure) => {
  it.each(Object.entries(CONVERSATIONS))(
    'the app answers as without the module: %s',
    async (_, pieces) => {
      const without = await startWithout(adapter, isSecure);
      const peer = await startPeer({
        adapter,
        controllers: [Pages],
        ...(isSecure && { https: certificate }),
      });
      const answers = await talk(peer.port, pieces, isSecure);
      expect(answers).toContain('"hello":"world"');
      expect(answers).toBe(await talk(without, pieces, isSecure));
    },
  );
});

describe.each<AdapterName>(['express', 'fastify'])(
  'beside others that take upgrades (%s)',
  (adapter) => {
    /** Two peers whose messages have to go over a stream. */
    async function startBeside(receiver: PeerAppSetup) {
      const pair = await startPair({
        providers: [Echo],
        receiver: { adapter, ...receiver },
      });
      const expectStreams = async () => {
        expect(await pair.send({ n: 1 })).toEqual({ n: 1 });
        expect(seen.of('/stream', pair.sender, pair.receiver)).toBe(1);
        expect(seen.of('/message', pair.sender, pair.receiver)).toBe(0);
      };
      return { ...pair, expectStreams };
    }

    const chatAt = (server: Server) =>
      new WebSocketServer({ server, path: '/chat' }).on(
        'connection',
        (socket) => socket.on('message', (data) => socket.send(data)),
      );

    /** Says something over a WebSocket, and gives the answer. */
    async function say(port: number, path: string, text: string) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      await once(socket, 'open');
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      socket.close();
      return data.toString();
    }

    const FOREIGN = [
      'GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    ];

    it('ws has its sockets, and the peer its streams', async () => {
      const without = await startWithout(adapter, false, chatAt);
      const { receiver, expectStreams } = await startBeside({
        onServer: chatAt,
      });
      await expectStreams();
      expect(await say(receiver.port, '/chat', 'hi')).toBe('hi');
      expect(await talk(receiver.port, FOREIGN)).toBe(
        await talk(without, FOREIGN),
      );
      await expectStreams();
    });

    it('who comes late is heard as well', async () => {
      const { receiver, expectStreams } = await startBeside({});
      await expectStreams();
      const server = (receiver.app as INestApplication<Server>).getHttpServer();
      const paths: unknown[] = [];
      server.on('upgrade', ({ url }: IncomingMessage, socket: Socket) => {
        paths.push(url);
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello');
      });
      expect(await talk(receiver.port, FOREIGN)).toContain('hello');
      await expectStreams();
      expect(paths).toEqual(['/elsewhere']);
    });

    it("Nest's WsAdapter, which destroys sockets that it does not know, destroys none of ours", async () => {
      @WebSocketGateway({ path: '/chat' })
      class Chat {
        @SubscribeMessage('shout')
        shout(@MessageBody() text: string) {
          return { event: 'shouted', data: text.toUpperCase() };
        }
      }
      const { receiver, expectStreams } = await startBeside({
        imports: [moduleOf(Chat)],
        prepare: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
      });
      await expectStreams();
      const shout = JSON.stringify({ event: 'shout', data: 'hi' });
      expect(JSON.parse(await say(receiver.port, '/chat', shout))).toEqual({
        event: 'shouted',
        data: 'HI',
      });
      await expectStreams();
      expect(await talk(receiver.port, FOREIGN)).not.toContain('hello');
    });

    it('Socket.IO has its sockets, and the peer its streams', async () => {
      @WebSocketGateway()
      class Chat {
        @SubscribeMessage('shout')
        shout(@MessageBody() text: string) {
          return text.toUpperCase();
        }
      }
      const { receiver, expectStreams } = await startBeside({
        imports: [moduleOf(Chat)],
        prepare: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
      });
      await expectStreams();
      for (const transports of [['websocket'], ['polling', 'websocket']]) {
        const client = io(`http://127.0.0.1:${appPort(receiver)}`, {
          transports,
          reconnection: false,
        });
        const answer = await client.timeout(5000).emitWithAck('shout', 'hi');
        expect(answer).toBe('HI');
        await until(() => client.io.engine.transport.name === 'websocket');
        client.close();
      }
      await expectStreams();
    });
  },
);

function moduleOf(gateway: new () => object) {
  return { module: class GatewayModule {}, providers: [gateway] };
}
