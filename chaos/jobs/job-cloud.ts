import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../free-ports.js';
import type { Network } from '../network.js';
import { Counter } from './counter.js';
import type {
  FencePlace,
  ReplicaOptions,
  ReplicaReport,
  RunnerCommand,
} from './reports.js';

const PROGRAM = fileURLToPath(new URL('./replica-process.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 40_000;

/** A place for a replica: what runs there changes with each restart. */
export interface Replica {
  readonly ip: string;
  readonly port: number;
  readonly prefix: readonly string[];
  /** A name that no replica had before. */
  name: string;
  child: ChildProcess;
  ready: Promise<void>;
}

/** Replicas in processes of their own, each in a network namespace where there are any. */
export class JobCloud {
  readonly counter = new Counter();
  readonly replicas: Replica[] = [];
  readonly #network: Network;
  readonly #options: Pick<ReplicaOptions, 'fence' | 'onMinority'>;
  #made = 0;

  constructor(
    network: Network,
    options: { fence?: FencePlace; onMinority?: 'run' | 'skip' } = {},
  ) {
    this.#network = network;
    this.#options = { onMinority: 'run', ...options };
  }

  /** Starts replicas at the same moment, and waits until all take part. */
  async start(count: number): Promise<void> {
    const ports = await freePorts(count);
    for (const port of ports) {
      const { ip, prefix } = this.#network.addHost();
      const place = { ip, prefix, port };
      this.replicas.push(place as Replica);
    }
    this.replicas.forEach((replica) => this.launch(replica));
    await this.whenReady();
  }

  async whenReady(): Promise<void> {
    await Promise.all(this.replicas.map(({ ready }) => ready));
  }

  /** A new process at the place of one that has ended. */
  launch(replica: Replica): void {
    const seeds = this.replicas
      .filter((other) => other !== replica)
      .map(({ ip, port }) => ({ ip, port }));
    const options: ReplicaOptions = {
      port: replica.port,
      seeds,
      ...this.#options,
    };
    const [command, ...args] = [
      ...replica.prefix,
      process.execPath,
      PROGRAM,
      JSON.stringify(options),
    ];
    const child = spawn(command!, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const name = `replica ${++this.#made}`;
    replica.name = name;
    replica.child = child;
    replica.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${name} is not ready`)),
        READY_TIMEOUT_MS,
      );
      timer.unref();
      child.on('message', (report: ReplicaReport) => {
        this.counter.take(name, report);
        if (report.type === 'ready') {
          clearTimeout(timer);
          resolve();
        }
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`${name} ended (${signal ?? code})`)),
      );
    });
    replica.ready.catch(() => undefined);
  }

  async end(replica: Replica, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child, name } = replica;
    if (child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const deadline = AbortSignal.timeout(END_TIMEOUT_MS);
    const ended = once(child, 'exit', { signal: deadline });
    child.kill(signal);
    await ended.catch((cause: unknown) => {
      throw new Error(`${name} outlived ${signal}`, { cause });
    });
  }

  block(replica: Replica, ms: number): void {
    replica.child.send({ block: ms } satisfies RunnerCommand);
  }

  /** The one that ran the job last. */
  get owner(): Replica {
    const name = this.counter.lastRunner;
    const owner = this.replicas.find((replica) => replica.name === name);
    if (!owner) {
      throw new Error('nobody runs the job');
    }
    return owner;
  }

  /** The one that runs the singleton. */
  get holder(): Replica | undefined {
    const name = this.counter.stays.at(-1)?.replica;
    return this.replicas.find((replica) => replica.name === name);
  }

  async close(): Promise<void> {
    for (const { child } of this.replicas) {
      child?.kill('SIGCONT');
    }
    await Promise.all(
      this.replicas
        .filter(({ child }) => child)
        .map((replica) => this.end(replica, 'SIGKILL')),
    );
  }
}
