import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Ms that a server has to answer. */
const PATIENCE = 20_000;

/** Debian has it where not every PATH leads. */
const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

/** Why there is none. */
export const noNatsServer =
  'there is no nats-server on this machine (Debian: apt-get install nats-server)';

/** Where `nats-server` is; undefined where it is not installed. */
export function findNatsServer(): string | undefined {
  return PLACES.map((place) => join(place, 'nats-server')).find(existsSync);
}

/** What a server does beside taking clients. */
export interface NatsServerSetup {
  /** Takes leaf nodes. */
  takesLeaves?: boolean;
  /** Takes leaf nodes, and tells them that it does so at this port of loopback. */
  leavesAt?: number;
  /** Is a leaf node of the hub at this port of loopback. */
  leafOf?: number;
}

/** A process of `nats-server` at free ports of loopback. */
export class NatsServer {
  #child: ChildProcess | undefined;

  private constructor(
    /** For clients. */
    readonly port: number,
    /** For leaf nodes. */
    readonly leafPort: number,
    private readonly folder: string,
  ) {}

  static async start(setup: NatsServerSetup = {}): Promise<NatsServer> {
    const [port, leafPort] = (await freePorts(2)) as [number, number];
    const folder = await mkdtemp(join(tmpdir(), 'nats-server-'));
    const server = new NatsServer(port, leafPort, folder);
    const name = `server_name: "at-${port}"`;
    const { leavesAt = setup.takesLeaves && leafPort } = setup;
    const leaf = leavesAt
      ? `leafnodes { host: "127.0.0.1", port: ${leafPort}, advertise: "127.0.0.1:${leavesAt}" }`
      : setup.leafOf === undefined
        ? ''
        : `leafnodes { reconnect: 1, remotes: [{ url: "nats-leaf://127.0.0.1:${setup.leafOf}" }] }`;
    await writeFile(
      server.#config,
      `host: "127.0.0.1"\nport: ${port}\n${name}\n${leaf}\n`,
    );
    await server.begin();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Begins, or begins again, at the same ports; resolves when it answers. */
  async begin(): Promise<void> {
    const program = findNatsServer();
    if (!program) {
      throw new Error(noNatsServer);
    }
    this.#child = spawn(program, ['-c', this.#config], { stdio: 'ignore' });
    const deadline = performance.now() + PATIENCE;
    while (!(await answers(this.port))) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`the nats-server at port ${this.port} does not start`);
      }
    }
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #config(): string {
    return join(this.folder, 'nats.conf');
  }
}

/** A port of loopback that leads to another one, and can be cut. */
export class CutCable {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#join(socket));
  #isCut = false;

  #to = 0;

  static async lay(): Promise<CutCable> {
    const cable = new CutCable();
    cable.#server.listen(0, '127.0.0.1');
    await once(cable.#server, 'listening');
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  leadTo(port: number): void {
    this.#to = port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(socket: Socket): void {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    const other = connect(this.#to, '127.0.0.1');
    for (const [one, end] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => end.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        end.destroy();
      });
      one.pipe(end);
    }
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  } finally {
    socket.destroy();
  }
}

/** Ports that nobody listens on at the moment. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () =>
    createServer().listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
