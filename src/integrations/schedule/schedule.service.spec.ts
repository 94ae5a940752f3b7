import { Logger } from '@nestjs/common';
import { until } from '../../../test/support/until.js';
import type { CloudFence } from '../fences/index.js';
import type { Job } from './core/job-runner.js';
import type { Question } from './core/questions.js';
import type {
  JobEvent,
  SchedulePeers,
  SkipReason,
} from './core/schedule-ports.js';
import { resolveScheduleOptions } from './schedule.options.js';
import { ScheduleService } from './schedule.service.js';

/** A peer whose scheduler takes part, and does not answer a claim. */
const OTHER = 'other';

function peersWith(others: string[]): SchedulePeers {
  return {
    self: 'self',
    others: () => others,
    has: (peer) => others.includes(peer),
    rank: (_job, count, mayRun) =>
      [...others, 'self'].filter(mayRun).slice(0, count),
    ask: async (_peer, { ask }: Question) =>
      ask === 'hello'
        ? { isReady: true, jobs: ['report'], holds: [], missing: [] }
        : 'silent',
  };
}

describe('what a scheduler tells', () => {
  let lines: string[];
  let events: JobEvent[];
  let service: ScheduleService;

  beforeEach(() => {
    lines = [];
    events = [];
    for (const level of ['log', 'warn', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((text: unknown) => {
        lines.push(`${level}: ${String(text)}`);
      });
    }
    service = new ScheduleService(
      resolveScheduleOptions({ takeoverAfter: 100 }),
    );
    service.events$.subscribe((event) => events.push(event));
  });
  afterEach(() => vi.restoreAllMocks());

  const tick = async (
    peers: string[],
    job: Partial<Job>,
    times: number[],
  ): Promise<void> => {
    const scheduler = service.begin(peersWith(peers));
    void scheduler.addOnce({
      name: 'report',
      minPeers: 1,
      onMinority: 'run',
      fence: undefined,
      run: () => undefined,
      ...job,
    });
    await scheduler.start();
    for (const time of times) {
      await scheduler.tick('report', time);
    }
    await scheduler.end(AbortSignal.any([]));
  };
  const skips = (reason: SkipReason): number =>
    events.filter(
      (event) => event.type === 'job.skipped' && event.reason === reason,
    ).length;

  it('is nothing of a run that is as it should be', async () => {
    await tick([], {}, [1_000]);
    expect(events.map(({ type }) => type)).toEqual([
      'job.started',
      'job.finished',
    ]);
    expect(lines).toEqual([]);
  });

  it('is a line for each takeover', async () => {
    await tick([OTHER], {}, [1_000, 2_000]);
    await until(() => lines.length === 2);
    expect(lines).toEqual(
      Array(2).fill('log: takes over "report" from other, which was not heard'),
    );
    expect(events).toContainEqual({
      type: 'job.taken-over',
      job: 'report',
      occurrence: new Date(1_000),
      from: OTHER,
    });
  });

  it('is a warning when the fence cannot be reached, once a minute, and the job does not run', async () => {
    const run = vi.fn();
    const fence: CloudFence = {
      acquire: () => Promise.reject(new Error('no answer')),
    };
    await tick([], { fence, run }, [1_000, 2_000, 3_000]);
    expect(run).not.toHaveBeenCalled();
    expect(skips('fence-unreachable')).toBe(3);
    expect(lines).toEqual([
      'warn: "report" does not run: its fence cannot be reached: no answer',
    ]);
  });

  it('is an error with what a run threw', async () => {
    const run = (): never => {
      throw new Error('why');
    };
    await tick([], { run }, [1_000]);
    expect(lines).toEqual([
      'error: "report" of 1970-01-01T00:00:01.000Z failed',
    ]);
  });
});
