import { readOptions, USAGE, type BenchOptions } from './options.js';
import { PARTS } from './parts/parts.js';
import { smoke } from './parts/smoke.js';
import { publish } from './report/publish.js';
import type { BenchContext } from './runner/bench-context.js';
import { Brokers } from './runner/brokers.js';
import {
  loadFindings,
  saveFindings,
  thisCommit,
  thisMachine,
} from './runner/findings.js';
import type { Job } from './runner/job.js';
import { loadContenders } from './runner/registry.js';
import { Samples } from './runner/samples.js';

const SAMPLES_FILE = '.build/bench/samples.json';
const SMOKE_AT_A_TIME = 2;

const startedAt = performance.now();

function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${seconds.padStart(5)} s  ${line}`);
}

async function main(options: BenchOptions): Promise<number> {
  const { ci, plot, reportFrom } = options;
  if (reportFrom !== undefined) {
    return publish(await loadFindings(reportFrom), plot);
  }
  const brokers = await Brokers.start();
  try {
    const context = await prepare(options, brokers);
    return ci ? await runSmoke(context) : await runParts(context);
  } finally {
    await brokers.stop();
  }
}

/** Leaves out the contenders whose broker does not run here. */
async function prepare(
  options: BenchOptions,
  brokers: Brokers,
): Promise<BenchContext> {
  const registry = await loadContenders(options.only);
  const { skipped } = registry;
  const contenders = registry.contenders.filter(({ id, broker }) => {
    if (broker === undefined || brokers.ports[broker] !== undefined) {
      return true;
    }
    skipped.set(id, `${broker}-server is not installed here`);
    return false;
  });
  for (const [id, reason] of skipped) {
    say(`${id} skipped: ${reason}`);
  }
  const commit = thisCommit();
  const machine = thisMachine();
  const samples = new Samples();
  return {
    options,
    commit,
    machine,
    brokers,
    contenders,
    skipped,
    samples,
    say,
  };
}

async function runSmoke(context: BenchContext): Promise<number> {
  const waiting = smoke(context);
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      await job.run();
    }
  };
  await Promise.all(Array.from({ length: SMOKE_AT_A_TIME }, worker));
  const { length: failed } = context.samples.allFailures();
  say(
    `${context.contenders.length} contenders, ${failed} failed, ${context.skipped.size} skipped`,
  );
  return failed === 0 ? 0 : 1;
}

async function runParts(context: BenchContext): Promise<number> {
  const { parts, plot } = context.options;
  const plan = parts.map((name) => ({ name, jobs: PARTS[name](context) }));
  for (const { name, jobs } of plan) {
    say(`${name}: ${minutes(jobs)}`);
  }
  say(`all: ${minutes(plan.flatMap(({ jobs }) => jobs))}`);
  for (const { jobs } of plan) {
    for (const job of jobs) {
      await job.run();
    }
    await saveFindings(SAMPLES_FILE, context);
  }
  return publish(context, plot);
}

function minutes(jobs: readonly Job[]): string {
  const ms = jobs.reduce((sum, job) => sum + job.ms, 0);
  return `some ${(ms / 60_000).toFixed(1)} minutes`;
}

function parse(): BenchOptions | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

// The brokers are ended when this process exits, which a signal alone would not let them see.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

const options = parse();
process.exitCode = options ? await main(options) : 2;
