import type { BenchClient } from '../contender.js';
import { bodyMaker } from './body.js';
import { Outcome, type LoadResult } from './outcome.js';

/** So many messages always in flight, each sent when a reply has made room. */
export interface ClosedLoopPlan {
  bytes: number;
  inFlight: number;
  durationMs: number;
  /** Goes on for up to five times as long until there were so many. Default: no least number. */
  atLeast?: number;
  /** Peers that are sent to in turn. */
  peers: number;
}

export async function closedLoop(
  client: BenchClient,
  plan: ClosedLoopPlan,
): Promise<LoadResult> {
  const makeBody = bodyMaker(plan.bytes);
  const outcome = new Outcome();
  const end = performance.now() + plan.durationMs;
  const latest = end + 4 * plan.durationMs;
  const { atLeast = 0 } = plan;
  let turn = 0;

  const worker = async (): Promise<void> => {
    while (!outcome.hopeless) {
      const sentAt = performance.now();
      if (sentAt >= end && (turn >= atLeast || sentAt >= latest)) {
        return;
      }
      const body = makeBody();
      try {
        const reply = await client.send(turn++ % plan.peers, body);
        outcome.reply(reply, body, performance.now() - sentAt);
      } catch (error) {
        outcome.failure(error);
      }
    }
  };
  await Promise.all(Array.from({ length: plan.inFlight }, worker));
  return outcome.result();
}
