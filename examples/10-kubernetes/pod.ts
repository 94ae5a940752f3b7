import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Container, Probe } from './manifests.js';

/** A process in place of a pod: an address of its own on loopback, probed and ended as the manifest says. */
export class Pod {
  #log = '';

  readonly #container: Container;
  readonly #process: ChildProcess;
  readonly #port: number;

  constructor(
    program: URL,
    readonly ip: string,
    container: Container,
    env: Record<string, string>,
  ) {
    this.#container = container;
    this.#port = Number(env.PORT);
    this.#process = fork(program, {
      env: { ...process.env, ...env, HOST: ip, POD_IP: ip },
      silent: true,
    });
    const keep = (chunk: Buffer) => (this.#log += chunk.toString());
    this.#process.stdout?.on('data', keep);
    this.#process.stderr?.on('data', keep);
  }

  /** Everything that the process has printed. */
  get log(): string {
    return this.#log;
  }

  get(path: string): Promise<Response> {
    return fetch(`http://${this.ip}:${this.#port}${path}`);
  }

  isReady(): Promise<boolean> {
    return this.#passes(this.#container.readinessProbe);
  }

  isAlive(): Promise<boolean> {
    return this.#passes(this.#container.livenessProbe);
  }

  /** preStop and SIGTERM, and how the process ended; rejects if that takes longer than the grace period. */
  async terminate(graceSeconds: number): Promise<number | NodeJS.Signals> {
    const [command = '', ...args] =
      this.#container.lifecycle.preStop.exec.command;
    const grace = AbortSignal.timeout(graceSeconds * 1000);
    await once(spawn(command, args), 'exit', { signal: grace });
    const exit = once(this.#process, 'exit', { signal: grace });
    this.#process.kill('SIGTERM');
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals];
    return code ?? signal;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #passes({ httpGet }: Probe): Promise<boolean> {
    const answer = await this.get(httpGet.path).catch(() => undefined);
    return answer?.ok === true;
  }
}
