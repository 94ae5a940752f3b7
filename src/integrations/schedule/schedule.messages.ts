import type { SkipReason } from './core/schedule-ports.js';

export const noPeerCloud =
  'PeerScheduleModule needs the cloud: import PeerCloudModule.forRoot() as well.';

export const noScheduleModule =
  '@OncePerCloud() needs the ticks of @nestjs/schedule: import ScheduleModule.forRoot() as well.';

export const noPeerSchedule = (key: string | symbol): string =>
  `${String(key)}() does not run: it would on each replica. Import PeerScheduleModule.forRoot(), which @OncePerCloud() needs.`;

export const notScheduled = (method: string): string =>
  `${method} has @OncePerCloud() and no schedule: put @Cron() or @Interval() beside it, or use @PeerSingleton().`;

export const timeoutOnce = (method: string): string =>
  `${method} has @OncePerCloud() beside @Timeout(): each peer's timeout counts from its own start, so there is no moment that all share. Use @Cron() with a date.`;

export const intervalTooShort = (method: string, ms: number): string =>
  `${method} has @OncePerCloud() beside an interval of ${ms} ms: at least 1000 ms, or peers are asked faster than they answer.`;

export const singletonScheduled = (method: string): string =>
  `${method} has @PeerSingleton() beside a schedule: it runs all the time on one peer. Take away one of the two.`;

export const notStatic = (method: string): string =>
  `${method} is of a provider that is made for each request: a job needs one that is there all the time.`;

export const nameTaken = (name: string, method: string): string =>
  `${method}: there is another job "${name}". Give one of them another \`name\`.`;

export const noFence = (method: string): string =>
  `${method}: its \`fence\` is neither a CloudFence nor the token of one that the app provides.`;

export const takenOver = (name: string, from: string): string =>
  `takes over "${name}" from ${from}, which was not heard`;

export const singletonStarts = (name: string): string => `"${name}" runs here`;

export const singletonEnded = (name: string, ms: number): string =>
  `"${name}" ended by itself; it is called again in ${ms / 1000} s`;

export const singletonFailed = (name: string, ms: number): string =>
  `"${name}" failed; it is called again in ${ms / 1000} s`;

export const overdue = (name: string, ms: number): string =>
  `"${name}" goes on ${ms / 1000} s after its signal has fired, and no other peer may begin: let it end when run.signal fires`;

export const runFailed = (name: string, occurrence: Date): string =>
  `"${name}" of ${occurrence.toISOString()} failed`;

export const notStopped = (ms: number): string =>
  `jobs still run ${ms / 1000} s after the shutdown began; the peer leaves all the same`;

export const skipped = (name: string, reason: SkipReason): string =>
  `"${name}" does not run: ${REASONS[reason]}`;

const REASONS: Record<SkipReason, string> = {
  'too-few-peers': 'fewer peers take part than its minPeers',
  minority: 'most of the cloud is out of reach',
  unfinished: 'its last occurrence is not over',
  stranger: 'the others took this peer for dead',
  fenced: 'the fence has it for somebody else',
  'fence-unreachable': 'its fence cannot be reached',
};
