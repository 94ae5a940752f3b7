import { io, type Socket } from 'socket.io-client';
import { closePeers } from '../../e2e/module/support/peer-app.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import {
  connect,
  disconnectAll,
  startReplicas,
  type Replica,
} from './cluster.js';
import { PROGRAM, ReplicaProcess } from './scenarios/replica-process.js';

const programs = usePrograms(PROGRAM);

let replicas: Replica[];
let process: ReplicaProcess;
let client: Socket;

/** Two replicas here, and one in a process of its own, each with a client in a room. */
beforeEach(async () => {
  replicas = await startReplicas(2);
  process = await ReplicaProcess.start(programs(PROGRAM), {
    adapter: 'express',
    seed: replicas[0]!.port,
  });
  client = io(`http://127.0.0.1:${process.server.port}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  for (const replica of replicas) {
    const { serverSocket } = await connect(replica);
    await serverSocket.join('room');
  }
  await until(() => client.connected);
  await process.server.join(client.id!, 'room');
  for (const { server } of replicas) {
    await until(async () => (await server.fetchSockets()).length === 3);
  }
}, 120_000);

afterEach(async () => {
  client.disconnect();
  disconnectAll();
  await process.kill();
  await closePeers();
});

it('fetchSockets() has the answer of the living within half a second of a death', async () => {
  const [{ server }] = replicas as [Replica];
  const ask = async () => {
    const asked = performance.now();
    const { length } = await server.in('room').fetchSockets();
    return { length, ms: performance.now() - asked };
  };
  // How long it takes here at this hour: other tests may be at work.
  const usual = await Promise.all(Array.from({ length: 5 }, ask));
  const limit = 500 + Math.max(...usual.map(({ ms }) => ms));
  const { ended } = process;
  // Under way when it dies, right after, and until long after its death is known.
  const early = ask();
  process.signal('SIGKILL');
  const asking = Array.from({ length: 40 }, async (_, at) => {
    await new Promise((resolve) => setTimeout(resolve, 100 * at));
    return ask();
  });
  await ended;
  expect([2, 3]).toContain((await early).length);
  for (const { length, ms } of await Promise.all([early, ...asking])) {
    expect([2, 3]).toContain(length);
    expect(ms).toBeLessThan(limit);
  }
  expect((await ask()).length).toBe(2);
}, 60_000);

it('waits for acknowledgements end with the peer that owes them', async () => {
  const [{ server }] = replicas as [Replica];
  let arrived = false;
  client.on('question', () => (arrived = true));
  server.local.socketsLeave('room');
  replicas[1]!.server.local.socketsLeave('room');
  const acknowledged = server
    .to('room')
    .timeout(60_000)
    .emitWithAck('question');
  await until(() => arrived);
  process.signal('SIGKILL');
  expect(await acknowledged).toEqual([]);
}, 60_000);

it('rooms are whole again when a peer is back that was silent for long', async () => {
  const [{ server, membership }] = replicas as [Replica];
  const heard: unknown[] = [];
  client.on('news', (n) => heard.push(n));
  process.signal('SIGSTOP');
  try {
    await until(() => membership.peers().length === 1);
    server.to('room').emit('news', 'lost');
    expect(await server.in('room').fetchSockets()).toHaveLength(2);
    expect(await server.of('/').adapter.serverCount()).toBe(2);
  } finally {
    process.signal('SIGCONT');
  }
  await until(() => membership.peers().length === 2);
  await until(
    async () => (await server.in('room').fetchSockets()).length === 3,
  );
  server.to('room').emit('news', 'found');
  await until(() => heard.includes('found'));
  expect(client.connected).toBe(true);
}, 60_000);
