import { PeerCloudError } from '../../index.js';

/** What can be wrong with a job. */
export type ScheduleErrorCode =
  | 'NO_PEER_CLOUD'
  | 'NO_SCHEDULE_MODULE'
  | 'NO_PEER_SCHEDULE'
  /** A job's decorators do not go together. */
  | 'INVALID_JOB'
  | 'JOB_NAME_TAKEN';

/** A job that cannot work; it ends the start of the app. */
export class ScheduleError extends PeerCloudError {
  override readonly name = 'ScheduleError';

  constructor(
    override readonly code: ScheduleErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}
