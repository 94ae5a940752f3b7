import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RefusedJoin } from '../../../../src/membership/core/membership.types.js';

/** Why a peer of this process refuses the one join of `attempt`: the reason that only its log tells. */
export async function whyRefused(
  attempt: () => Promise<unknown>,
): Promise<string> {
  const reasons: string[] = [];
  const hear = (message: unknown) =>
    void reasons.push((message as RefusedJoin).reason);
  subscribe('peercloud:join.refused', hear);
  try {
    await attempt();
  } finally {
    unsubscribe('peercloud:join.refused', hear);
  }
  expect(reasons).toHaveLength(1);
  return reasons[0]!;
}
