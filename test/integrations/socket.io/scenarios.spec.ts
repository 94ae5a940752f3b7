import { closePeers } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import {
  connect,
  disconnectAll,
  heardBy,
  startReplicas,
  untilMet,
  type Client,
  type Replica,
} from './cluster.js';

/** What Socket.IO expects of every adapter for several servers. */
describe.each(['express', 'fastify'] as const)(
  'Socket.IO over three replicas on %s',
  (adapter) => {
    let replicas: Replica[];
    let clients: Client[];
    let servers: Replica['server'][];
    let heard: unknown[][][];

    beforeAll(async () => {
      replicas = await startReplicas(3, { adapter });
      servers = replicas.map(({ server }) => server);
    });
    beforeEach(async () => {
      clients = await Promise.all(replicas.map((each) => connect(each)));
      heard = clients.map(heardBy);
    });
    afterEach(async () => {
      disconnectAll();
      for (const server of servers) {
        server.of('/').removeAllListeners('hello');
        server.of('/custom').removeAllListeners('hello');
        await until(() => server.sockets.sockets.size === 0);
      }
    });
    afterAll(closePeers);

    /** All have been sent what was sent before: sockets are told in order. */
    async function flush(): Promise<void> {
      servers[0]!.emit('end');
      for (const each of heard) {
        await until(() => each.some(([event]) => event === 'end'));
      }
    }

    async function expectHeard(...expected: unknown[][][]): Promise<void> {
      await flush();
      const before = heard.map((each) =>
        each.filter(([event]) => event !== 'end'),
      );
      expect(before).toEqual(expected);
    }

    const roomsOf = ({ serverSocket }: Client) =>
      [...serverSocket.rooms].filter((room) => room !== serverSocket.id);

    describe('broadcast', () => {
      it('reaches all clients, with binary data', async () => {
        servers[0]!.emit('test', 1, '2', Buffer.from([3, 4]), {
          deep: [Uint8Array.of(5)],
        });
        const packet = [
          ['test', 1, '2', Buffer.from([3, 4]), { deep: [Buffer.from([5])] }],
        ];
        await expectHeard(packet, packet, packet);
      });

      it('reaches all clients of a namespace', async () => {
        for (const server of servers) {
          server.of('/custom');
        }
        const others = await Promise.all(
          replicas.map((each) => connect(each, '/custom')),
        );
        const theirs = others.map(heardBy);
        servers[1]!.of('/custom').emit('test');
        for (const each of theirs) {
          await until(() => each.length > 0);
          expect(each).toEqual([['test']]);
        }
        await expectHeard([], [], []);
      });

      it('reaches the clients in a room', async () => {
        await clients[1]!.serverSocket.join('room1');
        servers[0]!.to('room1').emit('test');
        await expectHeard([], [['test']], []);
      });

      it('reaches a client in several of the rooms once', async () => {
        await clients[1]!.serverSocket.join(['room1', 'room2']);
        servers[0]!.to('room1').to('room2').emit('test');
        await expectHeard([], [['test']], []);
      });

      it('reaches all clients except those in a room', async () => {
        await clients[1]!.serverSocket.join('room1');
        servers[0]!.except('room1').emit('test');
        await expectHeard([['test']], [], [['test']]);
      });

      it('reaches all clients but the one that it comes from', async () => {
        clients[2]!.serverSocket.broadcast.emit('test');
        await until(() => heard[0]!.length > 0 && heard[1]!.length > 0);
        await expectHeard([['test']], [['test']], []);
      });

      it('reaches local clients alone', async () => {
        servers[0]!.local.emit('test');
        await expectHeard([['test']], [], []);
      });

      it('reaches all clients that can take it if it is volatile', async () => {
        servers[0]!.volatile.emit('test');
        await expectHeard([['test']], [['test']], [['test']]);
      });
    });

    describe('broadcast with acknowledgements', () => {
      it('has one of each client', async () => {
        clients.forEach(({ socket }, at) =>
          socket.on('test', (ack: (value: number) => void) => ack(at)),
        );
        const responses = await servers[0]!.timeout(5_000).emitWithAck('test');
        expect(new Set(responses as number[])).toEqual(new Set([0, 1, 2]));
      });

      it('has binary ones', async () => {
        clients.forEach(({ socket }, at) =>
          socket.on('test', (ack: (value: Buffer) => void) =>
            ack(Buffer.from([at])),
          ),
        );
        const responses = (await servers[0]!
          .timeout(5_000)
          .emitWithAck('test')) as Buffer[];
        expect(responses.every((each) => Buffer.isBuffer(each))).toBe(true);
        expect(new Set(responses.map((each) => each[0]))).toEqual(
          new Set([0, 1, 2]),
        );
      });

      it('has none where there is no client', async () => {
        const responses: unknown = await servers[0]!
          .to('nobody')
          .timeout(5_000)
          .emitWithAck('test');
        expect(responses).toEqual([]);
      });

      it('has those that came in time', async () => {
        clients[0]!.socket.on('test', (ack: (value: number) => void) => ack(1));
        clients[1]!.socket.on('test', (ack: (value: number) => void) => ack(2));
        const error = (await servers[0]!
          .timeout(1_000)
          .emitWithAck('test')
          .catch((reason: unknown) => reason)) as { responses: number[] };
        expect(error).toBeInstanceOf(Error);
        expect(new Set(error.responses)).toEqual(new Set([1, 2]));
      });

      it('has that of one client here', async () => {
        clients[1]!.socket.on('test', (ack: (value: number) => void) => ack(2));
        expect(await clients[1]!.serverSocket.emitWithAck('test')).toBe(2);
        expect([heard[0], heard[2]]).toEqual([[], []]);
      });

      it('has that of one client elsewhere', async () => {
        clients[1]!.socket.on('test', (ack: (value: number) => void) => ack(2));
        const sockets = await servers[0]!
          .in(clients[1]!.serverSocket.id)
          .fetchSockets();
        expect(sockets).toHaveLength(1);
        const response: unknown = await sockets[0]!
          .timeout(5_000)
          .emitWithAck('test');
        expect(response).toBe(2);
        expect([heard[0], heard[2]]).toEqual([[], []]);
      });
    });

    describe('socketsJoin', () => {
      it('is for all sockets', async () => {
        servers[0]!.socketsJoin('room1');
        await flush();
        expect(clients.map(roomsOf)).toEqual([['room1'], ['room1'], ['room1']]);
      });

      it('is for those in a room', async () => {
        await clients[0]!.serverSocket.join('room1');
        await clients[2]!.serverSocket.join('room1');
        servers[0]!.in('room1').socketsJoin('room2');
        await flush();
        expect(clients.map(roomsOf)).toEqual([
          ['room1', 'room2'],
          [],
          ['room1', 'room2'],
        ]);
      });

      it('is for one socket, and holds for what follows', async () => {
        servers[0]!.in(clients[1]!.serverSocket.id).socketsJoin('room3');
        servers[0]!.to('room3').emit('test');
        await expectHeard([], [['test']], []);
        expect(clients.map(roomsOf)).toEqual([[], ['room3'], []]);
      });
    });

    describe('socketsLeave', () => {
      beforeEach(async () => {
        await clients[0]!.serverSocket.join(['room1', 'room2']);
        await clients[1]!.serverSocket.join(['room1', 'room2']);
        await clients[2]!.serverSocket.join('room2');
      });

      it('is for all sockets', async () => {
        servers[0]!.socketsLeave('room2');
        await flush();
        expect(clients.map(roomsOf)).toEqual([['room1'], ['room1'], []]);
      });

      it('is for those in a room', async () => {
        servers[0]!.in('room1').socketsLeave('room2');
        await flush();
        expect(clients.map(roomsOf)).toEqual([['room1'], ['room1'], ['room2']]);
      });

      it('is for one socket', async () => {
        servers[0]!.in(clients[1]!.serverSocket.id).socketsLeave('room2');
        await flush();
        expect(clients.map(roomsOf)).toEqual([
          ['room1', 'room2'],
          ['room1'],
          ['room2'],
        ]);
      });
    });

    describe('disconnectSockets', () => {
      it('ends all of them, after what was sent before', async () => {
        const reasons: string[] = [];
        for (const { socket } of clients) {
          socket.on('disconnect', (reason) => reasons.push(reason));
        }
        servers[0]!.emit('bye');
        servers[0]!.disconnectSockets(true);
        await until(() => reasons.length === 3);
        expect(new Set(reasons)).toEqual(new Set(['io server disconnect']));
        expect(heard).toEqual([[['bye']], [['bye']], [['bye']]]);
      });

      it('ends those in a room', async () => {
        await clients[1]!.serverSocket.join('room1');
        servers[0]!.in('room1').disconnectSockets();
        await until(() => !clients[1]!.socket.connected);
        expect(clients.map(({ socket }) => socket.connected)).toEqual([
          true,
          false,
          true,
        ]);
      });
    });

    describe('fetchSockets', () => {
      it('has all sockets', async () => {
        const sockets = await servers[0]!.fetchSockets();
        expect(sockets.map(({ id }) => id).toSorted()).toEqual(
          clients.map(({ serverSocket }) => serverSocket.id).toSorted(),
        );
      });

      it('has one socket with what it is', async () => {
        const { serverSocket } = clients[1]!;
        serverSocket.data = { name: 'b', bytes: Buffer.from([1]) };
        const [socket] = await servers[0]!.in(serverSocket.id).fetchSockets();
        expect(socket!.handshake).toEqual(serverSocket.handshake);
        expect(socket!.data).toEqual(serverSocket.data);
        expect(socket!.rooms).toEqual(new Set([serverSocket.id]));
      });

      it('sees what was done before', async () => {
        servers[0]!.socketsJoin('room1');
        const sockets = await servers[0]!.in('room1').fetchSockets();
        expect(sockets).toHaveLength(3);
      });

      it('has local sockets alone', async () => {
        expect(await servers[0]!.local.fetchSockets()).toHaveLength(1);
      });
    });

    describe('serverSideEmit', () => {
      it('reaches the other servers', async () => {
        const calls: unknown[][] = [];
        servers.forEach((server, at) =>
          server.on(
            'hello' as never,
            ((...args: unknown[]) => calls.push([at, ...args])) as never,
          ),
        );
        servers[0]!.serverSideEmit('hello', 'world', 1, Buffer.from('2'));
        await until(() => calls.length >= 2);
        await flush();
        expect(new Set(calls)).toEqual(
          new Set([
            [1, 'world', 1, Buffer.from('2')],
            [2, 'world', 1, Buffer.from('2')],
          ]),
        );
      });

      it('has an answer of each', async () => {
        on(1, (ack) => ack(2));
        on(2, (ack) => ack('3'));
        const responses = await servers[0]!.serverSideEmitWithAck('hello');
        expect(new Set(responses as unknown[])).toEqual(new Set([2, '3']));
      });

      // Once: it takes the 5 s that are Socket.IO's.
      it.runIf(adapter === 'express')(
        'says how many did not answer in time',
        async () => {
          on(1, (ack) => ack(2));
          on(2, () => undefined);
          const answered = new Promise<[Error, unknown[]]>((resolve) => {
            servers[0]!.serverSideEmit(
              'hello',
              (error: Error, responses: unknown[]) =>
                resolve([error, responses]),
            );
          });
          const [error, responses] = await answered;
          expect(error.message).toBe('timeout reached: missing 1 responses');
          expect(responses).toEqual([2]);
        },
      );

      it('waits for no server that closes meanwhile', async () => {
        for (const server of servers) {
          server.of('/custom');
        }
        on(1, (ack) => ack(2), '/custom');
        on(2, () => servers[2]!.of('/custom').adapter.close(), '/custom');
        const responses: unknown = await servers[0]!
          .of('/custom')
          .serverSideEmitWithAck('hello');
        expect(responses).toEqual([2]);
      });

      it('has no answer of a server without the namespace', async () => {
        servers[0]!.of('/here');
        servers[1]!.of('/here');
        on(1, (ack) => ack('there'), '/here');
        const responses: unknown = await servers[0]!
          .of('/here')
          .serverSideEmitWithAck('hello');
        expect(responses).toEqual(['there']);
      });

      function on(
        at: number,
        listener: (ack: (value: unknown) => void) => void,
        namespace = '/',
      ): void {
        servers[at]!.of(namespace).on('hello' as never, listener as never);
      }
    });

    it('counts the servers', async () => {
      await untilMet(replicas);
      expect(await servers[2]!.of('/').adapter.serverCount()).toBe(3);
    });

    it('has dynamic namespaces', async () => {
      const [parent] = servers.map((server) => server.of(/^\/dynamic-\d+$/));
      const members = await Promise.all(
        replicas.map((each) => connect(each, '/dynamic-101')),
      );
      const other = heardBy(await connect(replicas[1]!, '/dynamic-102'));
      const theirs = members.map(heardBy);
      replicas[0]!.server.of('/dynamic-101').emit('test');
      parent!.emit('all');
      for (const each of theirs) {
        await until(() => each.length >= 2);
        expect(each).toEqual([['test'], ['all']]);
      }
      expect(other).toEqual([]);
    });
  },
);
