import type { RefusedJoin } from '../../../../src/membership/core/membership.types.js';
import { heard } from '../../../support/heard.js';

/** Why a peer of this process refuses the one join of `attempt`: the reason that only its log tells. */
export async function whyRefused(
  attempt: () => Promise<unknown>,
): Promise<string> {
  const refused = await heard<RefusedJoin>('peercloud:join.refused', attempt);
  expect(refused).toHaveLength(1);
  return refused[0]!.reason;
}
