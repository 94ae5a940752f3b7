export {
  OncePerCloud,
  PeerSingleton,
  type PeerJobOptions,
} from './job.decorators.js';
export {
  PeerScheduleModule,
  type PeerScheduleAsyncOptions,
} from './peer-schedule.module.js';
export type { PeerScheduleOptions } from './schedule.options.js';
export {
  ScheduleService,
  type JobReport,
  type JobRunReport,
} from './schedule.service.js';
export { ScheduleError, type ScheduleErrorCode } from './schedule.error.js';
export type { PeerRun } from './core/job-runner.js';
export type { JobEvent, SkipReason } from './core/schedule-ports.js';
