import { setTimeout } from 'node:timers/promises';
import { JOIN_CHECK_TIMEOUT } from '../membership/core/membership.limits.js';
import type { JoinAnswer } from '../wire/requests.js';

/** Ms after which a joiner hears that its check has failed: longer than the longest check, short of the 1 s that the original waits. */
export const REFUSAL_TIME = JOIN_CHECK_TIMEOUT * 1.2;

/**
 * Holds the answer about a failed check back until every check would have ended. At a closed port it is
 * over at once, at a silent one it is not: who could tell the two apart could scan ports from here.
 */
export async function evenRefusal(
  work: () => Promise<JoinAnswer>,
): Promise<JoinAnswer> {
  const start = performance.now();
  const answer = await work();
  if (answer.status === 'rejected' && answer.error.code === 'CHECK_FAILED') {
    await setTimeout(REFUSAL_TIME - (performance.now() - start));
  }
  return answer;
}
