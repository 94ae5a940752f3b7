import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { until } from './until.js';

/** An address of this machine where nothing answers to a connection that is being opened. */
export interface BlackHole {
  readonly ip: string;
  readonly port: number;
  /** From now on somebody answers: connections are taken. */
  heal(): void;
  /** Has connections that are taken led to a server. */
  leadTo(server: Server): void;
  /** Nothing answers any more, on connections that are open either. */
  swallow(): Promise<void>;
  close(): void;
}

const IP = '127.0.0.1';

/** Connections that the system takes for a process that does not: the queue of one, and one more. */
const QUEUED = 2;

const LISTENER = `const { connect, createServer } = require('node:net');
  let target;
  process.stdin.on('data', (port) => (target = Number(port)));
  createServer((socket) => {
    socket.on('error', () => {});
    if (target) {
      const inner = connect(target, '127.0.0.1');
      inner.on('error', () => socket.destroy());
      socket.pipe(inner).pipe(socket);
    } else {
      socket.resume();
    }
  }).listen({ port: 0, host: process.argv[1], backlog: 1 }, function () {
    process.stdout.write(String(this.address().port));
  });`;

/** Connections that wait until the process that listens takes them. */
function queueOf(port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const LISTENING = '0A';
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, , state, queues] = line.trim().split(/\s+/);
    if (local?.endsWith(end) && state === LISTENING) {
      return Number.parseInt(queues!.split(':')[1]!, 16);
    }
  }
  return 0;
}

/**
 * A process that listens, with a short queue, and is stopped; once the queue is full, the system drops
 * what would open another connection, as a packet filter does.
 * @param host `0.0.0.0`: at every address of this machine
 */
export async function blackHole(host = IP): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', LISTENER, host], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const queued: Socket[] = [];
  const hole: BlackHole = {
    ip: IP,
    port: Number(port.toString()),
    heal: () => {
      child.kill('SIGCONT');
      for (const socket of queued.splice(0)) {
        socket.destroy();
      }
    },
    leadTo: (server) => {
      child.stdin.write(String((server.address() as AddressInfo).port));
    },
    swallow: async () => {
      child.kill('SIGSTOP');
      // Others may be on their way there as well.
      for (let count = 0; count < QUEUED; count++) {
        const socket = connect(hole.port, IP);
        socket.on('error', () => undefined);
        queued.push(socket);
      }
      await until(() => queueOf(hole.port) >= QUEUED);
    },
    close: () => {
      child.kill('SIGKILL');
      for (const socket of queued) {
        socket.destroy();
      }
    },
  };
  await hole.swallow();
  return hole;
}
