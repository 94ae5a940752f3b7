import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { AdapterName } from '../../../e2e/module/support/peer-app.js';
import {
  socketServer,
  type CommandName,
  type SocketServer,
} from './commands.js';

export const PROGRAM = 'test/integrations/socket.io/programs/replica.ts';

/** What the program is started with. */
export interface ReplicaOptions {
  adapter: AdapterName;
  /** Port of a peer in the cloud. */
  seed?: number | undefined;
}

/** What it is told, and what it replies. */
export interface Call {
  id: number;
  name: CommandName;
  args: unknown[];
}
export type Reply =
  { id: number; value: unknown } | { id: number; error: string };

/** A replica in a process of its own. */
export class ReplicaProcess {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  /** What it does as a Socket.IO server. */
  readonly server: SocketServer;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    process.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    this.server = socketServer(port, (name, args) => this.#call(name, args));
  }

  /** @param path of the built program */
  static async start(
    path: string,
    options: ReplicaOptions,
  ): Promise<ReplicaProcess> {
    const child = fork(path, [JSON.stringify(options)], {
      execArgv: [],
      // Bytes, sets and patterns come through as what they are.
      serialization: 'advanced',
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ReplicaProcess(child, port);
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<unknown> {
    const { exitCode, signalCode } = this.#process;
    return exitCode === null && signalCode === null
      ? once(this.#process, 'exit')
      : Promise.resolve();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    const { ended } = this;
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #call(name: CommandName, args: unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    const replied = new Promise<Reply>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.#process.send({ id, name, args } satisfies Call);
    const reply = await replied;
    if ('error' in reply) {
      throw new Error(`${name}: ${reply.error}`);
    }
    return reply.value;
  }
}
