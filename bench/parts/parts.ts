import type { PartOption } from '../options.js';
import type { Part } from '../runner/job.js';
import { broadcast } from './broadcast.js';
import { fanOut } from './fan-out.js';
import { growth } from './growth.js';
import { idle } from './idle.js';
import { invalidations } from './invalidations.js';
import { join } from './join.js';
import { lightBesideHeavy } from './light-beside-heavy.js';
import { openLoopAtHalfPeak } from './open-loop.js';
import { requestReply } from './request-reply.js';
import { sockets } from './sockets.js';
import { startUp } from './start-up.js';

/** Every part of the bench, in the order in which they run. */
export const PARTS: Record<PartOption, Part> = {
  'request-reply': requestReply,
  broadcast,
  'light-beside-heavy': lightBesideHeavy,
  'open-loop': openLoopAtHalfPeak,
  join,
  'start-up': startUp,
  growth,
  'fan-out': fanOut,
  sockets,
  invalidations,
  idle,
};
