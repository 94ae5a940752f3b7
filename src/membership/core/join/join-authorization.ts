import { messageOf } from '../../../errors/error-text.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type {
  MembershipEnvironment,
  RequestOrigin,
} from '../membership.types.js';

/** The application's own say about a join; an error of its own is a no. */
export async function isAuthorized(
  env: MembershipEnvironment,
  peer: PeerInfo,
  origin: RequestOrigin,
): Promise<boolean> {
  try {
    return (await env.authorize?.(peer, origin)) ?? true;
  } catch (error) {
    env.logger.warn(`security.authorize failed: ${messageOf(error)}`);
    return false;
  }
}
