import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  AnswerMessage,
  Answers,
  Command,
  CommandMessage,
} from './commands.js';

export type HostKind = 'nest' | 'legacy';

const ANSWER_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 30_000;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** One host process, driven over Node's IPC channel, which crosses network namespaces. */
export class Host {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastNumber = 0;
  #gone = false;

  constructor(
    /** Where its peers answer. */
    readonly ip: string,
    readonly kind: HostKind,
    /** Words to put before the command, to run it in a network namespace. */
    readonly prefix: readonly string[],
  ) {
    const program = fileURLToPath(
      new URL(`./${kind}-host.js`, import.meta.url),
    );
    const [command, ...args] = [...prefix, process.execPath, program];
    this.#child = spawn(command!, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: AnswerMessage) =>
      this.#settle(message),
    );
    this.#child.once('exit', (code, signal) =>
      this.#ended(signal ?? `code ${code}`),
    );
  }

  ask<C extends Command>(command: C): Promise<Answers[C['type']]> {
    return new Promise((resolve, reject) => {
      if (this.#gone) {
        return reject(new Error(`the host at ${this.ip} is gone`));
      }
      const number = ++this.#lastNumber;
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(
          new Error(`the host at ${this.ip} did not answer ${command.type}`),
        );
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(number, {
        resolve: (answer) => resolve(answer as Answers[C['type']]),
        reject,
        timer,
      });
      this.#child.send({ number, command } satisfies CommandMessage);
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** Ends the process; fails if it does not end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#gone) {
      return;
    }
    const deadline = AbortSignal.timeout(END_TIMEOUT_MS);
    const ended = once(this.#child, 'exit', { signal: deadline });
    this.#child.kill(signal);
    await ended.catch((cause: unknown) => {
      throw new Error(`the host at ${this.ip} outlived ${signal}`, { cause });
    });
  }

  #settle({ number, answer, error }: AnswerMessage): void {
    const waiting = this.#waiting.get(number);
    if (!waiting) {
      return;
    }
    this.#waiting.delete(number);
    clearTimeout(waiting.timer);
    if (error === undefined) {
      waiting.resolve(answer);
    } else {
      waiting.reject(new Error(`the host at ${this.ip}: ${error}`));
    }
  }

  #ended(how: string): void {
    this.#gone = true;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new Error(`the host at ${this.ip} ended (${how})`));
    }
    this.#waiting.clear();
  }
}
