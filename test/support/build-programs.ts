import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const ROOT = new URL('../../', import.meta.url);
const OUTPUT = new URL('.build/programs/', ROOT);
const LOCK = new URL('.build/programs.lock', ROOT);

/**
 * Compiles the sources and the programs under `test/**\/programs` that tests run as processes of their own.
 * Several test processes, also of two runs at once, take turns; where nothing has changed, nothing is written.
 *
 * @returns the folder that corresponds to the root of the repository
 */
export async function buildPrograms(): Promise<URL> {
  await mkdir(new URL('.build/', ROOT), { recursive: true });
  await until(takeLock, { timeout: 120_000, interval: 100 });
  try {
    await compile();
  } finally {
    await rm(LOCK);
  }
  return OUTPUT;
}

async function compile(): Promise<void> {
  const compiler = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT)),
      '-p',
      fileURLToPath(new URL('test/tsconfig.programs.json', ROOT)),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  compiler.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(compiler, 'close')) as [number];
  if (code !== 0) {
    throw new Error(`the test programs do not compile:\n${output}`);
  }
}

/** A link is made by one process only, together with its target; that of a process that has died is nobody's. */
async function takeLock(): Promise<boolean> {
  try {
    await symlink(String(process.pid), LOCK);
    return true;
  } catch {
    const owner = Number(await readlink(LOCK).catch(() => '0'));
    if (owner > 0 && !isAlive(owner)) {
      await rm(LOCK, { force: true });
    }
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
