import { io, type Socket } from 'socket.io-client';
import { byAmount } from '../../../support/amount.js';
import { until } from '../../../support/until.js';
import type { SocketServer } from './commands.js';

/** Servers, each of which can be told what to do. */
export type Servers = [SocketServer, SocketServer, SocketServer];

/** Where the scenarios are played. */
export interface Stage {
  title: string;
  start(): Promise<Servers>;
  stop(): Promise<void>;
  /** Leaves out what takes seconds. */
  isBrief?: boolean;
}

interface Client {
  socket: Socket;
  id: string;
  /** What it was sent, in order: the event's name and its arguments. */
  heard: unknown[][];
}

/** What Socket.IO expects of every adapter for several servers, with a client at each. */
export function describeScenarios(stage: Stage): void {
  describe(stage.title, () => {
    let servers: Servers;
    let clients: [Client, Client, Client];
    const sockets = new Set<Socket>();

    beforeAll(async () => {
      servers = await stage.start();
    }, 120_000);
    beforeEach(async () => {
      clients = (await Promise.all(servers.map((each) => connect(each)))) as [
        Client,
        Client,
        Client,
      ];
    });
    afterEach(async () => {
      sockets.forEach((socket) => socket.disconnect());
      sockets.clear();
      for (const server of servers) {
        await server.forget();
        await until(async () => (await server.clientCount()) === 0);
      }
    });
    afterAll(() => stage.stop());

    async function connect(
      { port }: SocketServer,
      namespace = '/',
    ): Promise<Client> {
      const socket = io(`http://127.0.0.1:${port}${namespace}`, {
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
      });
      sockets.add(socket);
      const heard: unknown[][] = [];
      socket.onAny((...args: unknown[]) => heard.push(args));
      await until(() => socket.connected);
      return { socket, id: socket.id!, heard };
    }

    /** All have been sent what was sent before: sockets are told in order. */
    async function flush(): Promise<void> {
      await servers[0].emit({}, 'end');
      for (const { heard } of clients) {
        await until(() => heard.some(([event]) => event === 'end'));
      }
    }

    async function expectHeard(...expected: unknown[][][]): Promise<void> {
      await flush();
      const before = clients.map(({ heard }) =>
        heard.filter(([event]) => event !== 'end'),
      );
      expect(before).toEqual(expected);
    }

    async function expectRooms(...expected: string[][]): Promise<void> {
      await flush();
      const rooms = servers.map((each, at) => each.roomsOf(clients[at]!.id));
      expect(await Promise.all(rooms)).toEqual(expected);
    }

    function join(at: 0 | 1 | 2, ...rooms: string[]): Promise<void> {
      return servers[at].join(clients[at].id, rooms);
    }

    /** The clients acknowledge `test` with these. */
    function answer(...values: unknown[]): void {
      values.forEach((value, at) =>
        clients[at]!.socket.on('test', (ack: (value: unknown) => void) =>
          ack(value),
        ),
      );
    }

    async function openEverywhere(namespace: string): Promise<void> {
      await Promise.all(servers.map((each) => each.open(namespace)));
    }

    describe('broadcast', () => {
      it('reaches all clients, with binary data', async () => {
        const bytes = Buffer.from([3, 4]);
        const deep = { deep: [Uint8Array.of(5)] };
        await servers[0].emit({}, 'test', 1, '2', bytes, deep);
        const packet = [['test', 1, '2', bytes, { deep: [Buffer.from([5])] }]];
        await expectHeard(packet, packet, packet);
      });

      it('reaches all clients of a namespace', async () => {
        await openEverywhere('/custom');
        const others = await Promise.all(
          servers.map((each) => connect(each, '/custom')),
        );
        await servers[1].emit({ namespace: '/custom' }, 'test');
        for (const { heard } of others) {
          await until(() => heard.length > 0);
          expect(heard).toEqual([['test']]);
        }
        await expectHeard([], [], []);
      });

      it('reaches the clients in a room', async () => {
        await join(1, 'room1');
        await servers[0].emit({ to: 'room1' }, 'test');
        await expectHeard([], [['test']], []);
      });

      it('reaches a client in several of the rooms once', async () => {
        await join(1, 'room1', 'room2');
        await servers[0].emit({ to: ['room1', 'room2'] }, 'test');
        await expectHeard([], [['test']], []);
      });

      it('reaches all clients except those in a room', async () => {
        await join(1, 'room1');
        await servers[0].emit({ except: 'room1' }, 'test');
        await expectHeard([['test']], [], [['test']]);
      });

      it('reaches all clients but the one that it comes from', async () => {
        await servers[2].emit({ from: clients[2].id }, 'test');
        await until(() =>
          clients.slice(0, 2).every(({ heard }) => heard.length > 0),
        );
        await expectHeard([['test']], [['test']], []);
      });

      it('reaches local clients alone', async () => {
        await servers[0].emit({ local: true }, 'test');
        await expectHeard([['test']], [], []);
      });

      it('reaches all clients that can take it if it is volatile', async () => {
        await servers[0].emit({ volatile: true }, 'test');
        await expectHeard([['test']], [['test']], [['test']]);
      });

      it('keeps the order of each server, whatever the size of packets', async () => {
        const count = byAmount({ quick: 100, slow: 300, long: 300 });
        const large = Buffer.alloc(600_000, 1);
        const senders = servers.slice(0, 2).entries();
        const sent = [...senders].map(async ([at, server]) => {
          for (let n = 0; n < count; n++) {
            // Text and binary, small, for the stream, and too large for it.
            const load =
              n % 100 === 7 ? large : n % 10 === 3 ? 'x'.repeat(9_000) : n;
            await server.emit({}, `from ${at}`, n, load);
          }
        });
        await Promise.all(sent);
        const numbers = Array.from({ length: count }, (_, n) => n);
        for (const { heard } of clients) {
          await until(() => heard.length === 2 * count);
          for (const sender of ['from 0', 'from 1']) {
            const theirs = heard.filter(([event]) => event === sender);
            expect(theirs.map(([, n]) => n)).toEqual(numbers);
          }
        }
      });
    });

    describe('broadcast with acknowledgements', () => {
      it('has one of each client', async () => {
        answer(0, 1, 2);
        const answers = await servers[0].emitWithAck(
          { timeout: 5_000 },
          'test',
        );
        expect(answers.error).toBeUndefined();
        expect(new Set(answers.values)).toEqual(new Set([0, 1, 2]));
      });

      it('has binary ones', async () => {
        answer(Buffer.of(0), Buffer.of(1), Buffer.of(2));
        const answers = await servers[0].emitWithAck(
          { timeout: 5_000 },
          'test',
        );
        const values = answers.values as Buffer[];
        expect(values.every((each) => Buffer.isBuffer(each))).toBe(true);
        expect(new Set(values.map(([byte]) => byte))).toEqual(
          new Set([0, 1, 2]),
        );
      });

      it('has none where there is no client', async () => {
        expect(
          await servers[0].emitWithAck(
            { to: 'nobody', timeout: 5_000 },
            'test',
          ),
        ).toEqual({ values: [] });
      });

      it('has those that came in time', async () => {
        answer(1, 2);
        const answers = await servers[0].emitWithAck(
          { timeout: 1_000 },
          'test',
        );
        expect(answers.error).toMatch(/timed out/);
        expect(new Set(answers.values)).toEqual(new Set([1, 2]));
      });

      it('has that of one client here', async () => {
        answer(1, 2, 3);
        expect(await servers[1].askHere(clients[1].id, 'test')).toBe(2);
        expect([clients[0].heard, clients[2].heard]).toEqual([[], []]);
      });

      it('has that of one client elsewhere', async () => {
        answer(1, 2, 3);
        expect(await servers[0].askAnywhere(clients[1].id, 'test')).toBe(2);
        expect([clients[0].heard, clients[2].heard]).toEqual([[], []]);
      });
    });

    describe('socketsJoin', () => {
      it('is for all sockets', async () => {
        await servers[0].socketsJoin({}, 'room1');
        await expectRooms(['room1'], ['room1'], ['room1']);
      });

      it('is for those in a room', async () => {
        await join(0, 'room1');
        await join(2, 'room1');
        await servers[0].socketsJoin({ to: 'room1' }, 'room2');
        await expectRooms(['room1', 'room2'], [], ['room1', 'room2']);
      });

      it('is for one socket, and holds for what follows', async () => {
        await servers[0].socketsJoin({ to: clients[1].id }, 'room3');
        await servers[0].emit({ to: 'room3' }, 'test');
        await expectHeard([], [['test']], []);
        await expectRooms([], ['room3'], []);
      });
    });

    describe('socketsLeave', () => {
      beforeEach(async () => {
        await join(0, 'room1', 'room2');
        await join(1, 'room1', 'room2');
        await join(2, 'room2');
      });

      it('is for all sockets', async () => {
        await servers[0].socketsLeave({}, 'room2');
        await expectRooms(['room1'], ['room1'], []);
      });

      it('is for those in a room', async () => {
        await servers[0].socketsLeave({ to: 'room1' }, 'room2');
        await expectRooms(['room1'], ['room1'], ['room2']);
      });

      it('is for one socket', async () => {
        await servers[0].socketsLeave({ to: clients[1].id }, 'room2');
        await expectRooms(['room1', 'room2'], ['room1'], ['room2']);
      });
    });

    describe('disconnectSockets', () => {
      it('ends all of them, after what was sent before', async () => {
        const reasons: string[] = [];
        for (const { socket } of clients) {
          socket.on('disconnect', (reason) => reasons.push(reason));
        }
        await servers[0].emit({}, 'bye');
        await servers[0].disconnectSockets({}, true);
        await until(() => reasons.length === 3);
        expect(new Set(reasons)).toEqual(new Set(['io server disconnect']));
        for (const { heard } of clients) {
          expect(heard).toEqual([['bye']]);
        }
      });

      it('ends those in a room', async () => {
        await join(1, 'room1');
        await servers[0].disconnectSockets({ to: 'room1' });
        await until(() => !clients[1].socket.connected);
        expect(clients.map(({ socket }) => socket.connected)).toEqual([
          true,
          false,
          true,
        ]);
      });
    });

    describe('fetchSockets', () => {
      it('has all sockets', async () => {
        const found = await servers[0].fetchSockets({});
        expect(found.map(({ id }) => id).toSorted()).toEqual(
          clients.map(({ id }) => id).toSorted(),
        );
      });

      it('has one socket with what it is', async () => {
        const { id } = clients[1];
        const data = { name: 'b', bytes: Buffer.from([1]) };
        await servers[1].setData(id, data);
        const handshake = await servers[1].handshakeOf(id);
        expect(await servers[0].fetchSockets({ to: id })).toEqual([
          { id, handshake, data, rooms: new Set([id]) },
        ]);
      });

      it('sees what was done before', async () => {
        await servers[0].socketsJoin({}, 'room1');
        expect(await servers[0].fetchSockets({ to: 'room1' })).toHaveLength(3);
      });

      it('has local sockets alone', async () => {
        expect(await servers[0].fetchSockets({ local: true })).toHaveLength(1);
      });
    });

    describe('serverSideEmit', () => {
      it('reaches the other servers', async () => {
        await Promise.all(servers.map((each) => each.onHello('note it')));
        await servers[0].serverSideEmit('world', 1, Buffer.from('2'));
        const calls = [['world', 1, Buffer.from('2')]];
        for (const server of servers.slice(1)) {
          await until(async () => (await server.noted()).length > 0);
          expect(await server.noted()).toEqual(calls);
        }
        await flush();
        expect(await servers[0].noted()).toEqual([]);
      });

      it('has an answer of each', async () => {
        await servers[1].onHello({ answer: 2 });
        await servers[2].onHello({ answer: '3' });
        const { values } = await servers[0].serverSideEmitWithAck();
        expect(new Set(values)).toEqual(new Set([2, '3']));
      });

      // It takes the 5 s that are Socket.IO's.
      it.skipIf(stage.isBrief)(
        'says how many did not answer in time',
        async () => {
          await servers[1].onHello({ answer: 2 });
          await servers[2].onHello('say nothing');
          expect(await servers[0].serverSideEmitWithAck()).toEqual({
            error: 'timeout reached: missing 1 responses',
            values: [2],
          });
        },
      );

      it('waits for no server that closes meanwhile', async () => {
        await openEverywhere('/custom');
        await servers[1].onHello({ answer: 2 }, '/custom');
        await servers[2].onHello('close the namespace', '/custom');
        expect(await servers[0].serverSideEmitWithAck('/custom')).toEqual({
          values: [2],
        });
      });

      it('has no answer of a server without the namespace', async () => {
        await servers[0].open('/here');
        await servers[1].onHello({ answer: 'there' }, '/here');
        expect(await servers[0].serverSideEmitWithAck('/here')).toEqual({
          values: ['there'],
        });
      });
    });

    it('counts the servers', async () => {
      for (const server of servers) {
        expect(await server.serverCount()).toBe(3);
      }
    });

    it('has dynamic namespaces', async () => {
      await Promise.all(servers.map((each) => each.openAll(/^\/dynamic-\d+$/)));
      const members = await Promise.all(
        servers.map((each) => connect(each, '/dynamic-101')),
      );
      const other = await connect(servers[1], '/dynamic-102');
      await servers[0].emit({ namespace: '/dynamic-101' }, 'test');
      await servers[0].emitToAll('all');
      for (const { heard } of members) {
        await until(() => heard.length >= 2);
        expect(heard).toEqual([['test'], ['all']]);
      }
      expect(other.heard).toEqual([]);
    });
  });
}
