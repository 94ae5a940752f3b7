import { setTimeout } from 'node:timers/promises';
import { describe } from '../load/outcome.js';
import type { Usage } from '../load/usage.js';
import type { BenchContext } from '../runner/bench-context.js';
import { IdleCloud } from '../runner/idle-cloud.js';
import type { Job } from '../runner/job.js';
import { median } from '../runner/samples.js';
import { turns } from './turns.js';

/** Processes of a cloud, each with one peer. */
export const IDLE_CLOUDS = [1, 3, 16, 64] as const;
const QUICK_CLOUDS: readonly number[] = [1, 3];

/** What a process takes to start, here with others at the same time. */
const START_MS = 700;

export function idleCell(processes: number): string {
  return `idle/${processes}`;
}

/** What a process takes that has nothing to do, alone and in clouds. */
export function idle(context: BenchContext): Job[] {
  const { quick } = context.options;
  const rounds = quick ? 1 : 3;
  const clouds = IDLE_CLOUDS.filter(
    (processes) => !quick || QUICK_CLOUDS.includes(processes),
  );
  return clouds.flatMap((processes) =>
    turns(context, 'idle', { withFloor: rounds, others: rounds })
      // The largest cloud takes minutes, and each process has its own share of the same.
      .filter(({ round }) => processes < 64 || round === 0)
      .map(({ contender }) => {
        const { restMs, measureMs } = times(processes, quick);
        const cell = idleCell(processes);
        return {
          ms: processes * START_MS + restMs + measureMs,
          run: async () => {
            let cloud: IdleCloud | undefined;
            try {
              cloud = await IdleCloud.start(contender, processes, context);
              await setTimeout(restMs);
              const before = await cloud.usages();
              await setTimeout(measureMs);
              const after = await cloud.usages();
              note(context, cell, contender.id, before, after);
            } catch (error) {
              context.samples.fail(cell, contender.id, describe(error));
              context.say(`${cell} ${contender.id}: ${describe(error)}`);
            } finally {
              await cloud?.stop();
            }
          },
        };
      }),
  );
}

/** Each peer checks one other a second, so that a cloud is at rest once all have been checked. */
function times(
  processes: number,
  quick: boolean,
): { restMs: number; measureMs: number } {
  return quick
    ? { restMs: 6_000, measureMs: 5_000 }
    : { restMs: 15_000 + processes * 1_500, measureMs: 20_000 };
}

/** The process in the middle of the cloud counts. */
function note(
  context: BenchContext,
  cell: string,
  id: string,
  before: readonly Usage[],
  after: readonly Usage[],
): void {
  const each = after.map((usage, index) => {
    const { cpuUs, wakeUps, at } = before[index]!;
    const seconds = (usage.at - at) / 1000;
    return {
      cpuPercent: (usage.cpuUs - cpuUs) / 1e4 / seconds,
      wakeUps:
        usage.wakeUps === undefined || wakeUps === undefined
          ? NaN
          : (usage.wakeUps - wakeUps) / seconds,
      rss: usage.rssBytes,
    };
  });
  const figures = {
    cpu: median(each.map(({ cpuPercent }) => cpuPercent))!,
    wakeUps: median(each.map(({ wakeUps }) => wakeUps))!,
    rss: median(each.map(({ rss }) => rss))!,
  };
  context.samples.add(cell, id, figures);
  context.say(
    `${cell}: ${id} ${figures.cpu.toFixed(2)} %, ${figures.wakeUps.toFixed(1)} wake-ups a second`,
  );
}
