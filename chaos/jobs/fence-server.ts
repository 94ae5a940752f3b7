import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  appendFile,
  chmod,
  mkdtemp,
  readdir,
  rm,
} from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.js';
import type { Network } from '../network.js';
import type { FenceKind, FencePlace } from './reports.js';

const START_TIMEOUT_MS = 20_000;

/** A fence's server of our own, with its data on disk: it can be killed, and started again. */
export class FenceServer {
  readonly place: FencePlace;
  readonly #prefix: readonly string[];
  readonly #command: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(
    place: FencePlace,
    prefix: readonly string[],
    command: readonly string[],
    folder: string,
  ) {
    this.place = place;
    this.#prefix = prefix;
    this.#command = command;
    this.#folder = folder;
  }

  /** Undefined where the machine does not have it. */
  static async start(
    kind: FenceKind,
    network: Network,
  ): Promise<FenceServer | undefined> {
    const binary = await findBinary(kind);
    if (binary === undefined) {
      return undefined;
    }
    const { ip, prefix } = network.addHost();
    const [port] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), `fence-${kind}-`));
    const place = { kind, ip, port: port! };
    const command = await COMMANDS[kind](binary, port!, folder);
    const server = new FenceServer(place, prefix, command, folder);
    await server.restart();
    return server;
  }

  async restart(): Promise<void> {
    const [command, ...args] = [...this.#prefix, ...this.#command];
    this.#child = spawn(command!, args, { stdio: 'ignore' });
    const { pid } = this.#child;
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#answers())) {
      if (performance.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(`${this.#command.join(' ')} (${pid}) does not answer`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As a power failure does it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    this.#child = undefined;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Asked from its own place: the runner may stand in another network. */
  async #answers(): Promise<boolean> {
    const { ip, port } = this.place;
    const [command, ...args] = [
      ...this.#prefix,
      process.execPath,
      '--eval',
      `require('net').connect(${port}, '${ip}').once('connect', () => process.exit(0)).once('error', () => process.exit(1))`,
    ];
    if (this.#prefix.length === 0) {
      return accepts(ip, port);
    }
    const probe = spawn(command!, args, { stdio: 'ignore' });
    const [code] = (await once(probe, 'exit')) as [number | null];
    return code === 0;
  }
}

const COMMANDS: Record<
  FenceKind,
  (binary: string, port: number, folder: string) => Promise<string[]>
> = {
  redis: async (binary, port, folder) => [
    binary,
    ...words('--bind 0.0.0.0 --protected-mode no --save ""'),
    ...words(`--port ${port} --dir ${folder}`),
    ...words('--appendonly yes --appendfsync always'),
  ],
  nats: async (binary, port, folder) => [
    binary,
    ...words(`-a 0.0.0.0 -p ${port} -js -sd ${folder}`),
  ],
  postgres: async (binary, port, folder) => {
    // PostgreSQL does not run as root.
    const isRoot = process.getuid?.() === 0;
    const as = isRoot
      ? words('setpriv --reuid=postgres --regid=postgres --clear-groups')
      : [];
    await chmod(folder, 0o777);
    const data = join(folder, 'data');
    await finish([
      ...as,
      join(binary, '../initdb'),
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'postgres',
    ]);
    // The replicas stand in networks of their own.
    await appendFile(join(data, 'pg_hba.conf'), 'host all all all trust\n');
    return [
      ...as,
      binary,
      ...words(`-D ${data} -p ${port} -h 0.0.0.0 -k ${folder}`),
    ];
  },
};

function words(text: string): string[] {
  return text.split(' ').map((word) => (word === '""' ? '' : word));
}

async function finish(line: string[]): Promise<void> {
  const [command, ...args] = line;
  const child = spawn(command!, args, { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`${line.join(' ')} ended with ${code}`);
  }
}

async function findBinary(kind: FenceKind): Promise<string | undefined> {
  const candidates: Record<FenceKind, string[]> = {
    redis: ['/usr/bin/redis-server', '/usr/local/bin/redis-server'],
    nats: ['/usr/sbin/nats-server', '/usr/local/bin/nats-server'],
    postgres: await postgresBinaries(),
  };
  for (const candidate of candidates[kind]) {
    if (
      await access(candidate).then(
        () => true,
        () => false,
      )
    ) {
      return candidate;
    }
  }
  return undefined;
}

/** Debian has one folder for each version. */
async function postgresBinaries(): Promise<string[]> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  return [
    ...versions.map((version) => join(root, version, 'bin/postgres')),
    '/usr/local/bin/postgres',
  ];
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
