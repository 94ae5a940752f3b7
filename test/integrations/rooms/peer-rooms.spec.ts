import { once } from 'node:events';
import {
  Controller,
  Module,
  Param,
  Sse,
  type LoggerService,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { WebSocket } from 'ws';
import {
  PeerRooms,
  PeerRoomsModule,
  type WsClient,
} from '../../../src/integrations/rooms/index.js';
import {
  agree,
  appPort,
  closePeers,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

@WebSocketGateway({ path: '/chat' })
class Gateway {
  constructor(private readonly rooms: PeerRooms) {}

  @SubscribeMessage('join')
  join(@ConnectedSocket() client: WebSocket, @MessageBody() room: string) {
    this.rooms.join(client, room);
    return { event: 'joined', data: room };
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() client: WebSocket, @MessageBody() room: string) {
    this.rooms.leave(client, room);
    return { event: 'left', data: room };
  }

  @SubscribeMessage('say')
  say(@MessageBody() { room, text }: { room: string; text: string }) {
    this.rooms.to(room).emit('said', text);
  }
}

@Controller()
class Events {
  constructor(private readonly rooms: PeerRooms) {}

  @Sse('events/:room')
  events(@Param('room') room: string) {
    return this.rooms.stream(room, 'everybody');
  }
}

interface Replica extends PeerApp {
  rooms: PeerRooms;
}

async function startReplicas(
  count: number,
  setup: PeerAppSetup = {},
): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (let made = 0; made < count; made++) {
    const peer = await startPeer({
      ...setup,
      imports: [PeerRoomsModule],
      controllers: [Events],
      providers: [Gateway],
      options: { peers: replicas.map(({ address }) => address) },
      prepare: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
    });
    const rooms = peer.app.get(PeerRooms, { strict: false });
    replicas.push({ ...peer, rooms });
  }
  await until(() => agree(replicas));
  return replicas;
}

const ends = new Set<() => void>();

/** A WebSocket client, and what it has heard. */
class Client {
  readonly heard: object[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (text: Buffer) =>
      this.heard.push(JSON.parse(text.toString()) as object),
    );
  }

  static async connect(replica: PeerApp, ...rooms: string[]): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${appPort(replica)}/chat`);
    const client = new Client(socket);
    ends.add(() => socket.terminate());
    await once(socket, 'open');
    for (const room of rooms) {
      await client.ask('join', room);
    }
    client.heard.length = 0;
    return client;
  }

  say(event: string, data: unknown): void {
    this.socket.send(JSON.stringify({ event, data }));
  }

  async ask(event: string, data: unknown): Promise<void> {
    const { length } = this.heard;
    this.say(event, data);
    await until(() => this.heard.length > length);
  }
}

/** The text of a stream of server-sent events, and what ends it. */
async function listen(replica: PeerApp, room: string) {
  const abort = new AbortController();
  ends.add(() => abort.abort());
  const url = `http://127.0.0.1:${appPort(replica)}/events/${room}`;
  const { body } = await fetch(url, { signal: abort.signal });
  const heard = { text: '', closed: false, close: () => abort.abort() };
  void (async () => {
    try {
      for await (const chunk of body!) {
        heard.text += Buffer.from(chunk as Uint8Array).toString();
      }
    } catch {
      // It was ended here.
    }
    heard.closed = true;
  })();
  return heard;
}

afterEach(async () => {
  ends.forEach((end) => end());
  ends.clear();
  await closePeers();
});

describe.each(['express', 'fastify'] as const)('rooms on %s', (adapter) => {
  it('are one over all replicas, for WebSocket clients and server-sent events', async () => {
    const replicas = await startReplicas(3, { adapter });
    const [first, second, third] = replicas as [Replica, Replica, Replica];
    const clients = [
      await Client.connect(first, 'tea', 'cake'),
      await Client.connect(second, 'tea'),
      await Client.connect(third, 'cake'),
    ];
    const stream = await listen(third, 'tea');
    for (const { rooms } of replicas) {
      await until(async () => (await rooms.count('tea')) === 3);
      expect(await rooms.count('cake')).toBe(2);
      expect(await rooms.count('nobody')).toBe(0);
    }

    clients[1]!.say('say', { room: 'tea', text: 'hello' });
    second.rooms.to('cake').emit('eaten', { slices: [1, 2] });
    first.rooms.to('everybody').emit('end');
    await until(() => stream.text.includes('end'));
    await until(() => clients[0]!.heard.length === 2);
    const hello = { event: 'said', data: 'hello' };
    const eaten = { event: 'eaten', data: { slices: [1, 2] } };
    expect(clients[0]!.heard).toEqual(expect.arrayContaining([hello, eaten]));
    expect(clients[1]!.heard).toEqual([hello]);
    await until(() => clients[2]!.heard.length === 1);
    expect(clients[2]!.heard).toEqual([eaten]);
    expect(stream.text).toMatch(/event: said\nid: \d+\ndata: hello\n/);
    expect(stream.text).toMatch(/event: end\nid: \d+\ndata: null\n/);
    expect(stream.text).not.toContain('eaten');
  });

  it('are left by clients that say so, and by those that are gone', async () => {
    const [first, second] = await startReplicas(2, { adapter });
    const client = await Client.connect(first!, 'tea', 'cake');
    const stream = await listen(second!, 'tea');
    await until(async () => (await first!.rooms.count('tea')) === 2);
    await client.ask('leave', 'tea');
    expect(await second!.rooms.count('tea')).toBe(1);
    stream.close();
    await until(async () => (await first!.rooms.count('tea')) === 0);
    expect(await second!.rooms.count('cake')).toBe(1);
    client.socket.terminate();
    await until(async () => (await second!.rooms.count('cake')) === 0);
  });
});

it('events come in the order of sending', async () => {
  const [first, second] = await startReplicas(2);
  const here = await Client.connect(first!, 'tea');
  const there = await Client.connect(second!, 'tea');
  const wanted = Array.from({ length: 1_000 }, (_, n) => ({
    event: 'n',
    data: { n, load: 'x'.repeat(n % 50 === 0 ? 20_000 : 1) },
  }));
  for (const { event, data } of wanted) {
    first!.rooms.to('tea').emit(event, data);
  }
  for (const { heard } of [here, there]) {
    await until(() => heard.length === wanted.length);
    expect(heard).toEqual(wanted);
  }
});

it('a peer that is gone counts for nobody', async () => {
  const [first, second] = await startReplicas(2);
  await Client.connect(second!, 'tea');
  expect(await first!.rooms.count('tea')).toBe(1);
  await second!.close();
  expect(await first!.rooms.count('tea')).toBe(0);
});

it('streams end when their replica does', async () => {
  const [only] = await startReplicas(1);
  const stream = await listen(only!, 'tea');
  await until(async () => (await only!.rooms.count('tea')) === 1);
  await only!.close();
  await until(() => stream.closed);
});

it('a client that does not read is cut off, and the others are not', async () => {
  const logger = new Log();
  const [only] = await startReplicas(1, { logger });
  const { rooms } = only!;
  const texts: string[] = [];
  let terminated = false;
  const client = (bufferedAmount: number): WsClient => ({
    readyState: 1,
    bufferedAmount,
    send: (text) => texts.push(text),
    terminate: () => (terminated = true),
    once: () => undefined,
  });
  rooms.join(client(2 ** 25), 'tea');
  rooms.join(client(0), 'tea');
  rooms.to('tea').emit('n', 1);
  expect(texts).toEqual(['{"event":"n","data":1}']);
  expect(terminated).toBe(true);
  expect(logger.lines).toEqual([
    'a client has not read 33554432 bytes that it was sent; its connection is ended',
  ]);
});

it('what is wrong is said at once', async () => {
  const [only] = await startReplicas(1);
  const { rooms } = only!;
  const invalid = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error;
  expect(() => rooms.join({} as WsClient, 'tea')).toThrow(invalid);
  expect(() => rooms.to(1 as never)).toThrow(invalid);
  expect(() => rooms.stream(undefined as never)).toThrow(invalid);
  expect(() => rooms.to('tea').emit('n', 1n)).toThrow(
    expect.objectContaining({ code: 'INVALID_BODY' }) as Error,
  );
  await expect(rooms.count(1 as never)).rejects.toThrow(invalid);
});

it('peers without rooms are nobody, and garbage is refused with one line', async () => {
  const logger = new Log();
  const [first] = await startReplicas(1, { logger });
  const bare = await startPeer({
    options: { peers: [first!.address] },
    logger,
  });
  await until(() => agree([first!, bare]));
  const client = await Client.connect(first!, 'tea');
  expect(await first!.rooms.count('tea')).toBe(1);
  const channel = bare.messaging.channel('rooms');
  const { id } = first!.membership.self;
  for (const body of [
    {},
    { count: 1 },
    { room: 'tea' },
    { room: 1, event: 'n', data: 1 },
    { room: 'tea', event: 'n' },
  ]) {
    await expect(channel.send(id, body)).rejects.toMatchObject({ status: 400 });
  }
  first!.rooms.to('tea').emit('n', 1);
  await until(() => client.heard.length > 0);
  expect(client.heard).toEqual([{ event: 'n', data: 1 }]);
  expect(logger.lines).toEqual([
    `peer ${bare.membership.self.id} sends what is no message for rooms; it is left out, and this is said once`,
  ]);
});

it('needs a cloud', async () => {
  @Module({ imports: [PeerRoomsModule] })
  class WithoutCloud {}
  const starting = NestFactory.createApplicationContext(WithoutCloud, {
    logger: false,
    abortOnError: false,
  });
  await expect(starting).rejects.toMatchObject({ code: 'NO_PEER_CLOUD' });
});

/** Warnings of rooms. */
class Log implements LoggerService {
  readonly lines: string[] = [];

  log(): void {}
  error(): void {}
  warn(message: string, ...rest: unknown[]): void {
    if (rest.at(-1) === 'PeerRooms') {
      this.lines.push(message);
    }
  }
}
