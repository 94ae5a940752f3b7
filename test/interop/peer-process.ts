import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../demo/free-port.js';
import { until } from '../support/until.js';
import type {
  Answer,
  Call,
  Commands,
  Extras,
  NamedReply,
  ProgramOptions,
  Reply,
} from './programs/rpc.js';

const NEST = 'test/interop/programs/nest.ts';
const ORIGINAL = 'test/interop/programs/original.ts';
const STANDALONE = 'test/interop/programs/standalone.ts';

/** What peers are made of. */
export const PROGRAMS = [NEST, ORIGINAL, STANDALONE] as const;

/** The kinds of peers that share a cloud in these tests. */
export const KINDS = {
  original: { program: ORIGINAL },
  nest: { program: NEST },
  fastify: { program: NEST, adapter: 'fastify' },
  'own listener': { program: NEST, ownListener: true },
  standalone: { program: STANDALONE },
} as const satisfies Record<
  string,
  { program: (typeof PROGRAMS)[number] } & Partial<ProgramOptions>
>;

export type Kind = keyof typeof KINDS;

/** A peer in a process of its own. */
export class PeerProcess {
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #output = '';
  #port = 0;

  readonly #process: ChildProcess;

  private constructor(
    readonly name: string,
    readonly kind: Kind,
    process: ChildProcess,
  ) {
    this.#process = process;
    const keep = (chunk: Buffer) => (this.#output += chunk.toString());
    process.stdout?.on('data', keep);
    process.stderr?.on('data', keep);
    process.on('message', (message: { port: number } | Answer) => {
      if ('port' in message) {
        this.#port = message.port;
      } else {
        this.#calls.get(message.id)?.(message);
      }
    });
  }

  /**
   * Starts a peer; resolves when it has tried its seeds.
   *
   * @param programs gives the path of a built program
   */
  static async start(
    programs: (source: (typeof PROGRAMS)[number]) => string,
    kind: Kind,
    name: string,
    seeds: readonly PeerProcess[] = [],
  ): Promise<PeerProcess> {
    const { program, ...rest } = KINDS[kind];
    const options: ProgramOptions = {
      ...rest,
      name,
      port: kind === 'original' || kind === 'standalone' ? await freePort() : 0,
      seeds: seeds.map((seed) => seed.#port),
    };
    const peer = new PeerProcess(
      name,
      kind,
      fork(programs(program), [JSON.stringify(options)], {
        silent: true,
        execArgv: [],
      }),
    );
    await until(() => peer.#port || peer.hasEnded, {
      timeout: 60_000,
      what: () => `${kind} peer ${name} to start\n${peer.#output}`,
    });
    if (peer.hasEnded) {
      throw new Error(`${kind} peer ${name} ended\n${peer.#output}`);
    }
    return peer;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Everything that the process has printed. */
  get printed(): string {
    return this.#output;
  }

  names(): Promise<string[]> {
    return this.#call('names');
  }

  data(): Promise<object[]> {
    return this.#call('data');
  }

  send(to: PeerProcess, body: object): Promise<Reply> {
    return this.#call('send', to.name, body);
  }

  broadcast(body: object): Promise<NamedReply[]> {
    return this.#call('broadcast', body);
  }

  /** For the kinds that are Nest apps. */
  extras(to: PeerProcess, body: object): Promise<Extras> {
    return this.#call('extras', to.name, body);
  }

  /** A goodbye, as far as the kind has one. */
  async close(): Promise<void> {
    if (this.kind === 'original') {
      this.#process.send({ id: 0, command: 'close', args: [] } satisfies Call);
      await this.end();
    } else {
      await this.#call('close');
    }
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves to the exit code when the process has ended. */
  async end(): Promise<number | null> {
    if (!this.hasEnded) {
      await once(this.#process, 'exit');
    }
    return this.#process.exitCode;
  }

  async #call<Command extends keyof Commands>(
    command: Command,
    ...args: Parameters<Commands[Command]>
  ): Promise<Awaited<ReturnType<Commands[Command]>>> {
    const id = this.#calls.size + 1;
    const answered = new Promise<Answer>((resolve) =>
      this.#calls.set(id, resolve),
    );
    this.#process.send({ id, command, args } satisfies Call);
    const answer = await answered;
    if ('error' in answer) {
      throw new Error(`${this.name}: ${answer.error}`);
    }
    return answer.result as Awaited<ReturnType<Commands[Command]>>;
  }
}

/** The names on each peer's list, as it is at this moment. */
export function listsOf(
  peers: readonly PeerProcess[],
): Promise<{ name: string; list: string[] }[]> {
  return Promise.all(
    peers.map(async (peer) => ({ name: peer.name, list: await peer.names() })),
  );
}

/** Waits until each peer's list has exactly the others, each once. */
export async function everyoneSeesEveryone(
  peers: readonly PeerProcess[],
): Promise<void> {
  let seen: { name: string; list: string[] }[] = [];
  await until(
    async () => {
      seen = await listsOf(peers);
      return seen.every(({ name, list }) => {
        const others = peers.map((peer) => peer.name).filter((n) => n !== name);
        return list.toSorted().join() === others.toSorted().join();
      });
    },
    { timeout: 60_000, what: () => `equal lists: ${JSON.stringify(seen)}` },
  );
}
