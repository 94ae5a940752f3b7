import { last, type StepContext } from '../step.js';
import type { Verdict } from './counter.js';
import { FenceServer } from './fence-server.js';
import { JobCloud } from './job-cloud.js';
import type { FenceKind } from './reports.js';

/** Replicas of each cloud. */
const REPLICAS = 5;

/** Ms after which an occurrence is decided: run, taken over, or lost. */
const DECIDED_AFTER = 5_000;

/** What a step may ask for. */
export interface CloudOptions {
  fence?: FenceKind;
  onMinority?: 'run' | 'skip';
}

/** A cloud of replicas that take part, and its fence's server where it has one. */
export interface JobLab {
  cloud: JobCloud;
  server: FenceServer | undefined;
  /** Unix time in ms from which each occurrence counts. */
  from: number;
  /** Waits until what has begun is decided, and tells the counter's verdict; by accepted writes with a fence. */
  verdict: () => Promise<Verdict>;
}

/** Runs a scenario in a cloud of its own; says so and does not where the fence's server is not installed. */
export async function withCloud(
  { network, say }: StepContext,
  options: CloudOptions,
  scenario: (lab: JobLab) => Promise<void>,
): Promise<void> {
  const { fence, onMinority } = options;
  const server = fence && (await FenceServer.start(fence, network));
  if (fence && !server) {
    if (process.env['CI']) {
      throw new Error(`${fence} is not installed`);
    }
    say(`skipped with ${fence}: it is not installed`);
    return;
  }
  const cloud = new JobCloud(network, { fence: server?.place, onMinority });
  try {
    await cloud.start(REPLICAS);
    const from = Date.now() + 1_000;
    await scenario({
      cloud,
      server,
      from,
      verdict: async () => {
        const to = Date.now();
        await last(DECIDED_AFTER / 1_000);
        const { counter } = cloud;
        return server
          ? counter.verdict(from, to, counter.accepted)
          : counter.verdict(from, to);
      },
    });
  } finally {
    await cloud.close();
    await server?.close();
  }
}

/** Fails with the text unless it holds. */
export function must(holds: boolean, text: string): void {
  if (!holds) {
    throw new Error(text);
  }
}

/** Waits until a condition holds; false if it does not in time. */
export async function holds(
  condition: () => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) {
      return false;
    }
    await last(0.01);
  }
  return true;
}

/**
 * As the report has it.
 * @param from when the fault began, Unix time in ms
 */
export function tally({ lost, double, total }: Verdict, from?: number): string {
  const at = lost.map((time) => ((time - from!) / 1_000).toFixed(1)).join(', ');
  const where =
    from === undefined || lost.length === 0 ? '' : ` (${at} s after)`;
  return `${total} occurrences, ${lost.length} lost${where}, ${double} run twice`;
}
