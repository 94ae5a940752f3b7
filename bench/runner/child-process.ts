import { fork, type ChildProcess } from 'node:child_process';
import type { RpcAnswer } from '../child/rpc.js';

const MAX_STDERR = 4_000;
const START_TIMEOUT = 60_000;
const EXIT_TIMEOUT = 5_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** A process of one contender, and the calls that the runner makes to it. */
export class BenchProcess {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #stderr = '';

  /** What the child said when it was ready. */
  readyValue: unknown;

  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: RpcAnswer) => this.#settle(answer));
    child.on('exit', (code, signal) => this.#failAll(code, signal));
    child.on('error', () => this.#failAll(null, null));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR);
    });
  }

  /**
   * Starts a child with that script and resolves once it is ready.
   * `profileFolder`: where it leaves a CPU profile at its end.
   */
  static async start(
    script: string,
    args: readonly string[],
    profileFolder?: string,
  ): Promise<BenchProcess> {
    const child = fork(script, args, {
      execArgv: ['--expose-gc', ...profileFlags(profileFolder)],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const started = new BenchProcess(child);
    try {
      started.readyValue = await started.#answerTo('start', 0, START_TIMEOUT);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Calls a method of the child; rejects with its error, at its end, or after `timeout` ms. */
  async call<T>(method: string, args: unknown, timeout: number): Promise<T> {
    const id = this.#nextId++;
    const answer = this.#answerTo(method, id, timeout);
    this.#child.send({ id, method, args });
    return (await answer) as T;
  }

  /** Ends the child; kills it if it does not end by itself. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
      return;
    }
    const ended = new Promise<void>((resolve) =>
      this.#child.once('exit', () => resolve()),
    );
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_TIMEOUT);
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    await ended;
    clearTimeout(kill);
  }

  #answerTo(method: string, id: number, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer to ${method} in ${timeout / 1000} s`));
      }, timeout);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  #settle(answer: RpcAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) {
      return;
    }
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if ('error' in answer) {
      waiting.reject(new Error(answer.error));
    } else {
      waiting.resolve(answer.value);
    }
  }

  #failAll(code: number | null, signal: string | null): void {
    const error = new Error(
      `the process ended (${signal ?? code}): ${errorLine(this.#stderr)}`,
    );
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.#waiting.clear();
  }
}

/** The line of a crash that says what went wrong. */
function errorLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /^\w*(Error|ERR_\w+)\b/.test(line.trim())) ??
    lines.at(-1) ??
    'it said nothing'
  ).trim();
}

function profileFlags(folder: string | undefined): string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
