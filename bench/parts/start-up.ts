import { readdir } from 'node:fs/promises';
import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import { BenchProcess } from '../runner/child-process.js';

const PROBE = new URL('../child/start-up-probe.js', import.meta.url).pathname;
const FOLDER = new URL('../startup/', import.meta.url);

/** Apps that are started, by the names of their files in `startup/`. */
export async function startUpApps(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

/** From the start of the process until the app listens, and what it holds then. */
export async function startUp(context: BenchContext): Promise<void> {
  const apps = await startUpApps();
  const rounds = Math.max(5, context.options.rounds);
  for (let round = 0; round < rounds; round++) {
    for (const app of apps) {
      try {
        const found = await probe(app);
        context.samples.add('start-up', app, found);
        context.say(`start-up: ${app} ${found.ms.toFixed(0)} ms`);
      } catch (error) {
        context.samples.fail('start-up', app, describe(error));
      }
    }
  }
}

async function probe(app: string): Promise<{ ms: number; rss: number }> {
  const child = await BenchProcess.start(PROBE, [
    new URL(`${app}.js`, FOLDER).href,
  ]);
  await child.stop();
  return child.readyValue as { ms: number; rss: number };
}
