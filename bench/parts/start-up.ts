import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import { BenchProcess } from '../runner/child-process.js';
import type { Job } from '../runner/job.js';

/** Apps that are started, by the names of their files in `startup/`. */
export const START_UP_APPS = [
  'without-module',
  'with-module',
  'with-listener',
] as const;

const CELL = 'start-up';
const PROBE = new URL('../child/start-up-probe.js', import.meta.url).pathname;
const START_MS = 900;

/** Rounds at least: one start differs from the next by more than what is looked for. */
const MIN_ROUNDS = { full: 25, quick: 5, partial: 5 };

/** From the start of the process until the app listens, and what it holds then. */
export function startUp(context: BenchContext): Job[] {
  const { kind, rounds } = context.options;
  const length = Math.max(MIN_ROUNDS[kind], rounds);
  return Array.from({ length }, () =>
    START_UP_APPS.map((app) => ({
      ms: START_MS,
      run: () => measure(context, app),
    })),
  ).flat();
}

async function measure(context: BenchContext, app: string): Promise<void> {
  try {
    const found = await probe(app);
    context.samples.add(CELL, app, found);
    context.say(`${CELL}: ${app} ${found.ms.toFixed(0)} ms`);
  } catch (error) {
    context.samples.fail(CELL, app, describe(error));
  }
}

async function probe(app: string): Promise<{ ms: number; rss: number }> {
  const url = new URL(`../startup/${app}.js`, import.meta.url);
  const child = await BenchProcess.start(PROBE, [url.href]);
  await child.stop();
  return child.readyValue as { ms: number; rss: number };
}
