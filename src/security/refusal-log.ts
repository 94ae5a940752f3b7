import { channel } from 'node:diagnostics_channel';
import { isPeerId, PEER_ID_HEADER } from '../wire/endpoints.js';
import { type LimitedLog, logText } from '../util/limited-log.js';
import type { IncomingPeerRequest } from './security.interface.js';

/** What subscribers of the diagnostics channel `peercloud:request.refused` get. */
export interface RefusedRequest {
  /** Id of this peer: a process can have several. */
  self: string;
  reason: string;
  path: string;
  remoteAddress: string;
  /** What the request claims; nothing of it is verified. */
  senderId: string | undefined;
}

const refused = channel('peercloud:request.refused');

/** Counts the requests that are refused, tells the diagnostics channel and the log. */
export class RefusalLog {
  #total = 0;

  readonly #log: LimitedLog;
  readonly #selfId: () => string;

  constructor(log: LimitedLog, selfId: () => string) {
    this.#log = log;
    this.#selfId = selfId;
  }

  /** Requests refused since the start. */
  get count(): number {
    return this.#total;
  }

  note(reason: string, request: IncomingPeerRequest): void {
    this.#total++;
    const { path, remoteAddress, headers } = request;
    const claimed = headers[PEER_ID_HEADER];
    const senderId = isPeerId(claimed) ? claimed : undefined;
    if (refused.hasSubscribers) {
      const event: RefusedRequest = {
        self: this.#selfId(),
        reason,
        path,
        remoteAddress,
        senderId,
      };
      refused.publish(event);
    }
    // A Unix socket has no address, and one that is gone has none any more.
    const address = remoteAddress || 'a socket without an address';
    const from = senderId === undefined ? '' : ` (it says it is ${senderId})`;
    this.#log.warn(
      `refused a request to ${logText(path)} from ${address}${from}`,
      reason,
    );
  }
}
