import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.js';
import type { PeerEnvironment } from './messages.js';

/** The programs in `peers/`. */
export type PeerKind = 'nest' | 'standalone' | 'original';

/** Most that is kept of what a peer prints, for the case that it fails. */
const OUTPUT_LIMIT = 8_000;

/** A peer in a process of its own. */
export class ChildPeer {
  #output = '';
  readonly #ended: Promise<void>;
  #expected = false;

  readonly #process: ChildProcess;

  private constructor(
    readonly name: string,
    process: ChildProcess,
    onFailure: (error: Error) => void,
  ) {
    this.#process = process;
    process.stdout?.on('data', (chunk) => this.#keep(chunk));
    process.stderr?.on('data', (chunk) => this.#keep(chunk));
    this.#ended = once(process, 'exit').then(([code, signal]) => {
      if (!this.#expected) {
        onFailure(
          new Error(
            `${name} ended by itself (${signal ?? `code ${code}`})\n${this.#output}`,
          ),
        );
      }
    });
  }

  /** In a process group of its own, so that Ctrl-C in the terminal reaches the show alone. */
  static async start(
    kind: PeerKind,
    name: string,
    seedPort: number,
    onFailure: (error: Error) => void,
  ): Promise<ChildPeer> {
    const environment: PeerEnvironment = {
      DEMO_NAME: name,
      DEMO_SEED_PORT: String(seedPort),
      // The original takes 0 for 9338; it gets a free port.
      DEMO_PORT: kind === 'nest' ? '0' : String(await freePort()),
    };
    const program = new URL(`./peers/${kind}-peer.js`, import.meta.url);
    const child = fork(program, {
      env: { ...process.env, ...environment },
      detached: true,
      silent: true,
    });
    return new ChildPeer(name, child, onFailure);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The hard way: the process is gone before it can say anything. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks the peer to leave; what has not ended after `patience` ms is killed. */
  async leave(patience: number): Promise<void> {
    this.#expected = true;
    if (this.#process.connected) {
      this.#process.send('leave');
    }
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), patience);
    await this.#ended;
    clearTimeout(timer);
  }

  #keep(chunk: Buffer): void {
    this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_LIMIT);
  }
}
