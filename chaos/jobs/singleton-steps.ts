import { last, seconds, type Step, type StepContext } from '../step.js';
import type { Stay } from './counter.js';
import type { FenceKind } from './reports.js';
import { holds, must, withCloud, type JobLab } from './with-cloud.js';

/** Ms without a singleton, at most, where there is no fence. */
const GAP_MS = 3_000;
/** A lease outlives its holder by so many ms, and is asked for again so often. */
const FENCED_GAP_MS = 7_000;

/** Ends the holder, waits until another one is heard, and starts a process in its place. */
async function replaceHolder(
  { cloud }: JobLab,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  await holds(() => cloud.holder !== undefined, 10_000);
  const holder = cloud.holder!;
  const stays = cloud.counter.stays.length;
  await cloud.end(holder, signal);
  must(
    await holds(() => cloud.counter.stays.length > stays, 30_000),
    'nobody took it over',
  );
  cloud.launch(holder);
  await last(1);
}

async function change(
  context: StepContext,
  signal: 'SIGTERM' | 'SIGKILL',
  times: number,
  fence: FenceKind | undefined,
): Promise<void> {
  await withCloud(context, { fence }, async (lab) => {
    const { stays } = lab.cloud.counter;
    for (let round = 0; round < times; round++) {
      await replaceHolder(lab, signal);
      // The others have to be there for the next one.
      if (round % 3 === 2) {
        await lab.cloud.whenReady();
      }
    }
    await last(1);
    const { gap, overlap } = between(stays);
    context.say(
      `${fence ?? 'no fence'}: ${times} by ${signal}, ${stays.length} stays, longest gap ${seconds(gap)}, longest overlap ${seconds(overlap)}`,
    );
    must(stays.length === times + 1, 'not one stay for each');
    must(overlap === 0, 'two at once');
    must(gap <= (fence ? FENCED_GAP_MS : GAP_MS), 'a gap that is too long');
    if (fence) {
      must(rises(stays), 'tokens that do not rise');
    }
  });
}

/** Longest time between two stays, and longest time of two at once, in ms. */
function between(stays: readonly Stay[]): { gap: number; overlap: number } {
  let gap = 0;
  let overlap = 0;
  stays.slice(1).forEach(({ began }, at) => {
    const { until } = stays[at]!;
    gap = Math.max(gap, began - until);
    overlap = Math.max(overlap, until - began);
  });
  return { gap, overlap };
}

function rises(stays: readonly Stay[]): boolean {
  return stays
    .slice(1)
    .every(({ token }, at) => BigInt(token) > BigInt(stays[at]!.token));
}

export const singletonHandovers: Step = {
  name: 'jobs: a singleton handed over by restarts',
  async run(context) {
    const { handovers, fences } = context.size.jobs;
    await change(context, 'SIGTERM', handovers, undefined);
    await change(context, 'SIGTERM', Math.ceil(handovers / 5), fences[0]);
  },
};

export const singletonDeaths: Step = {
  name: 'jobs: a singleton taken over after kill -9',
  async run(context) {
    const { deaths, fences } = context.size.jobs;
    await change(context, 'SIGKILL', deaths, undefined);
    for (const fence of fences) {
      await change(context, 'SIGKILL', Math.ceil(deaths / 4), fence);
    }
  },
};
