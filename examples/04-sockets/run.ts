import { io, type Socket } from 'socket.io-client';
import {
  eventually,
  freePorts,
  type Replica,
  withReplicas,
} from '../support/replicas.js';

interface Room {
  names: string[];
}

const NAMES = ['anna', 'bert', 'cleo'];
/** Lines that each of them says at once. */
const LINES = 100;
/** Ms that a replica may take to say who is in a room while another one has just died. */
const LIMIT = 500;

const ports = await freePorts(NAMES.length);
const clients: Socket[] = [];

try {
  await withReplicas(
    new URL('./src/main.js', import.meta.url),
    ports.map((port, index) => ({
      NAME: `replica-${index + 1}`,
      PORT: String(port),
      PEERS: ports.map((each) => `127.0.0.1:${each}`).join(),
    })),
    show,
  );
} finally {
  clients.forEach((client) => client.disconnect());
}

async function show(replicas: Replica[]): Promise<void> {
  const heard = NAMES.map((): { name: string; text: string }[] => []);
  for (const [at, port] of ports.entries()) {
    const client = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
    });
    clients.push(client);
    client.on('said', (line) => heard[at]!.push(line));
    await client.emitWithAck('join', { room: 'tea', name: NAMES[at] });
  }
  const who = (replica: Replica) => replica.call<Room>('GET', '/rooms/tea');
  for (const replica of replicas) {
    await eventually(
      `${replica.name} sees everybody in the room`,
      () => who(replica),
      ({ names }) => names.join() === NAMES.join(),
    );
  }

  for (let n = 1; n <= LINES; n++) {
    clients.forEach((client) =>
      client.emit('say', { room: 'tea', text: `line ${n}` }),
    );
  }
  const wanted = Array.from({ length: LINES }, (_, n) => `line ${n + 1}`);
  for (const [at, lines] of heard.entries()) {
    const saidBy = (name: string) =>
      lines.filter((line) => line.name === name).map(({ text }) => text);
    await eventually(
      `${NAMES[at]} hears all lines of everybody, in order`,
      async () => NAMES.filter((name) => saidBy(name).join() === wanted.join()),
      (names) => names.length === NAMES.length,
    );
  }

  const [first, second, third] = replicas as [Replica, Replica, Replica];
  const usual = await timed(() => who(first));
  await third.kill();
  const after = await timed(() => who(first));
  await timed(() => who(second));
  const took = `${Math.round(after)} ms`;
  if (after > LIMIT + usual) {
    throw new Error(`${first.name} took ${took} after a replica was killed`);
  }
  console.log(`ok   ${first.name} answers ${took} after a replica was killed`);
  await eventually(
    'who is in the room are the others',
    () => who(first),
    ({ names }) => names.join() === NAMES.slice(0, 2).join(),
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
