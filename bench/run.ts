import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readOptions, USAGE, type BenchOptions } from './options.js';
import { broadcast } from './parts/broadcast.js';
import { growth } from './parts/growth.js';
import { lightBesideHeavy } from './parts/light-beside-heavy.js';
import { openLoopAtHalfPeak } from './parts/open-loop.js';
import { requestReply } from './parts/request-reply.js';
import { smoke } from './parts/smoke.js';
import { startUp } from './parts/start-up.js';
import { chart } from './report/chart.js';
import { report } from './report/report.js';
import type { BenchContext } from './runner/bench-context.js';
import { Brokers } from './runner/brokers.js';
import { loadContenders, type Registry } from './runner/registry.js';
import { Samples } from './runner/samples.js';

const PARTS: Record<string, (context: BenchContext) => Promise<void>> = {
  'request-reply': requestReply,
  broadcast,
  'light-beside-heavy': lightBesideHeavy,
  'open-loop': openLoopAtHalfPeak,
  growth,
  'start-up': startUp,
};

const startedAt = performance.now();

function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${seconds.padStart(5)} s  ${line}`);
}

async function main(options: BenchOptions): Promise<number> {
  const brokers = await Brokers.start();
  try {
    const registry = await loadContenders(options.only);
    const context = prepare(options, brokers, registry);
    return options.ci
      ? await runSmoke(context, registry)
      : await runParts(context, registry);
  } finally {
    await brokers.stop();
  }
}

/** Leaves out the contenders whose broker does not run here. */
function prepare(
  options: BenchOptions,
  brokers: Brokers,
  registry: Registry,
): BenchContext {
  const contenders = registry.contenders.filter(({ id, broker }) => {
    if (broker === undefined || brokers.ports[broker] !== undefined)
      return true;
    registry.skipped.set(id, `${broker}-server is not installed here`);
    return false;
  });
  for (const [id, reason] of registry.skipped) say(`${id} skipped: ${reason}`);
  return { options, brokers, contenders, samples: new Samples(), say };
}

async function runSmoke(
  context: BenchContext,
  registry: Registry,
): Promise<number> {
  await smoke(context);
  const failures = context.samples.allFailures();
  say(
    `${context.contenders.length} contenders, ${failures.length} failed, ${registry.skipped.size} skipped`,
  );
  return failures.length === 0 ? 0 : 1;
}

async function runParts(
  context: BenchContext,
  registry: Registry,
): Promise<number> {
  const { options } = context;
  for (const [name, part] of Object.entries(PARTS)) {
    if (!options.parts || options.parts.includes(name)) await part(context);
  }
  const text = report(context, registry.skipped);
  await write('bench/results.md', text);
  if (options.plot) await write('bench/results.svg', await chart(context));
  console.log(`\n${text}`);
  return 0;
}

async function write(path: string, text: string): Promise<void> {
  const file = resolve(path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

function parse(): BenchOptions | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

const options = parse();
process.exitCode = options ? await main(options) : 2;
