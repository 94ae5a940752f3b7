import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import type { BrokerName, BrokerPorts } from '../contender.js';
import { freePort } from '../load/free-port.js';

const START_TIMEOUT = 10_000;

const COMMANDS: Record<
  BrokerName,
  { names: string[]; args: (port: number) => string[] }
> = {
  nats: {
    names: ['nats-server', '/usr/sbin/nats-server'],
    args: (port) => ['-a', '127.0.0.1', '-p', String(port)],
  },
  redis: {
    names: ['redis-server', '/usr/bin/redis-server'],
    args: (port) => [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      '/tmp',
    ],
  },
};

/** The message brokers of this machine, each on a free port of loopback for as long as the bench runs. */
export class Brokers {
  readonly #running = new Map<
    BrokerName,
    { child: ChildProcess; port: number }
  >();

  /** Starts those that are installed. */
  static async start(): Promise<Brokers> {
    const brokers = new Brokers();
    await Promise.all(
      (Object.keys(COMMANDS) as BrokerName[]).map((name) =>
        brokers.#startOne(name),
      ),
    );
    return brokers;
  }

  get ports(): BrokerPorts {
    return Object.fromEntries(
      [...this.#running].map(([name, { port }]) => [name, port]),
    );
  }

  pid(name: BrokerName): number | undefined {
    return this.#running.get(name)?.child.pid;
  }

  async stop(): Promise<void> {
    const ends = [...this.#running.values()].map(({ child }) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      return ended;
    });
    await Promise.all(ends);
    this.#running.clear();
  }

  async #startOne(name: BrokerName): Promise<void> {
    const { names, args } = COMMANDS[name];
    for (const command of names) {
      const port = await freePort();
      const child = await spawned(command, args(port));
      if (!child) {
        continue;
      }
      if (await listens(port, child)) {
        this.#running.set(name, { child, port });
      } else {
        child.kill();
      }
      return;
    }
  }
}

/** The running command, or undefined where it is not installed. */
function spawned(
  command: string,
  args: string[],
): Promise<ChildProcess | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    process.once('exit', () => child.kill());
    child.once('spawn', () => resolve(child));
    child.once('error', () => resolve(undefined));
  });
}

async function listens(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
