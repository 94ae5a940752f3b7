import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Ms that a slow machine may take for one step. */
const PATIENCE = 60_000;

/** A running replica of an example's app. */
export interface Replica {
  readonly name: string;
  /** Calls an endpoint of the replica and resolves to its JSON answer. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
  /** Ends it without a word, as `kill -9` does. */
  kill(): Promise<void>;
}

/** Starts replicas of an app, one process each, and stops them when the work is done. */
export async function withReplicas(
  program: URL,
  environments: readonly ({ NAME: string; PORT: string } & NodeJS.ProcessEnv)[],
  work: (replicas: Replica[]) => Promise<void>,
): Promise<void> {
  const processes = environments.map((environment) =>
    fork(program, { env: { ...process.env, ...environment }, silent: true }),
  );
  const logs = processes.map(logOf);
  const died = Promise.race(processes.map(failWhenEnded));
  try {
    const replicas = environments.map((environment, at) =>
      replicaOf(environment, processes[at]!),
    );
    await Promise.race([died, work(replicas)]);
  } catch (error) {
    logs.forEach((log) => console.error(log()));
    throw error;
  } finally {
    await Promise.all(processes.map(stop));
  }
}

/** Tries until the result is right; rejects with the last one when that takes too long. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T>,
  isRight: (result: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const result = await attempt().catch((error: unknown) => error as Error);
    if (!(result instanceof Error) && isRight(result)) {
      console.log(`ok   ${what}: ${JSON.stringify(result)}`);
      return result;
    }
    if (performance.now() > deadline) {
      const last =
        result instanceof Error ? result.message : JSON.stringify(result);
      throw new Error(`not ${what}; last: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ports that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

function replicaOf(
  { NAME, PORT }: { NAME: string; PORT: string },
  process: ChildProcess,
): Replica {
  return {
    name: NAME,
    async call<T>(method: string, path: string, body?: object) {
      const answer = await fetch(`http://127.0.0.1:${PORT}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      if (!answer.ok) {
        throw new Error(`${method} ${path}: status ${answer.status}`);
      }
      return (await answer.json()) as T;
    },
    async kill() {
      const ended = once(process, 'exit');
      process.kill('SIGKILL');
      await ended;
    },
  };
}

/** What a replica prints is of interest when something goes wrong. */
function logOf(process: ChildProcess): () => string {
  let log = '';
  const keep = (chunk: Buffer) => (log += chunk.toString());
  process.stdout?.on('data', keep);
  process.stderr?.on('data', keep);
  return () => log;
}

async function failWhenEnded(process: ChildProcess): Promise<never> {
  const [code] = (await once(process, 'exit')) as [number | null];
  if (process.killed) {
    return new Promise(() => undefined);
  }
  throw new Error(`a replica ended by itself, with code ${code}`);
}

async function stop(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    process.kill('SIGTERM');
    const force = setTimeout(() => process.kill('SIGKILL'), PATIENCE);
    await once(process, 'exit');
    clearTimeout(force);
  }
}
