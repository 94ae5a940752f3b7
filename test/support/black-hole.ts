import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An address of this machine where nothing answers to a connection that is being opened. */
export interface BlackHole {
  readonly ip: string;
  readonly port: number;
  /** From now on somebody answers: connections are taken. */
  heal(): void;
  close(): void;
}

const IP = '127.0.0.1';

/** Connections that the system takes for a process that does not: the queue of one, and one more. */
const QUEUED = 2;

const LISTENER = `require('node:net')
  .createServer((socket) => socket.on('error', () => {}).resume())
  .listen({ port: 0, host: process.argv[1], backlog: 1 }, function () {
    process.stdout.write(String(this.address().port));
  });`;

/**
 * A process that listens, with a short queue, and is stopped; once the queue is full, the system drops
 * what would open another connection, as a packet filter does.
 * @param host `0.0.0.0`: at every address of this machine
 */
export async function blackHole(host = IP): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', LISTENER, host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const hole = { ip: IP, port: Number(port.toString()) };
  child.kill('SIGSTOP');
  const queued: Socket[] = [];
  for (let count = 0; count < QUEUED; count++) {
    const socket = connect(hole.port, IP);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    queued.push(socket);
  }
  return {
    ...hole,
    heal: () => child.kill('SIGCONT'),
    close: () => {
      child.kill('SIGKILL');
      for (const socket of queued) {
        socket.destroy();
      }
    },
  };
}
