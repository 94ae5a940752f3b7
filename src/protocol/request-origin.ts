import type { RequestOrigin } from '../membership/core/membership.types.js';
import type { PeerRequest } from './peer-request.js';

/** Where a request came from, as the membership sees it. */
export function originOf({
  remoteAddress,
  senderId,
}: PeerRequest): RequestOrigin {
  return { remoteAddress, ...(senderId !== undefined && { senderId }) };
}
