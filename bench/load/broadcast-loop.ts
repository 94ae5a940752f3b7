import type { BenchClient } from '../contender.js';
import { bodyMaker, isEcho, type EchoBody } from './body.js';
import { Outcome, type LoadResult } from './outcome.js';

/** One broadcast after another; a latency is the time until the last reply is in. */
export interface BroadcastPlan {
  bytes: number;
  durationMs: number;
  peers: number;
}

export async function broadcastLoop(
  client: BenchClient,
  plan: BroadcastPlan,
): Promise<LoadResult> {
  const makeBody = bodyMaker(plan.bytes);
  const outcome = new Outcome();
  const end = performance.now() + plan.durationMs;
  while (!outcome.hopeless) {
    const sentAt = performance.now();
    if (sentAt >= end) {
      break;
    }
    try {
      const good = await broadcastOnce(client, plan.peers, makeBody());
      if (good === plan.peers) {
        outcome.done(performance.now() - sentAt);
      } else {
        outcome.failure(`${good} of ${plan.peers} replied`);
      }
    } catch (error) {
      outcome.failure(error);
    }
  }
  return outcome.result();
}

async function broadcastOnce(
  client: BenchClient,
  peers: number,
  body: EchoBody,
): Promise<number> {
  if (client.broadcast) {
    return client.broadcast(body);
  }
  const replies = await Promise.all(
    Array.from({ length: peers }, (_, peer) => client.send(peer, body)),
  );
  return replies.filter((reply) => isEcho(reply, body)).length;
}
