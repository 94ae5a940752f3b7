import { channel } from 'node:diagnostics_channel';
import { isPeerId, PEER_ID_HEADER } from '../wire/endpoints.js';
import type { IncomingPeerRequest } from './request-verifier.interface.js';

/** Ms between two lines about the same cause. */
const LINE_INTERVAL = 10_000;
/** Causes that are told apart; there are a dozen or two. */
const MAX_CAUSES = 64;

/** What subscribers of the diagnostics channel `peercloud:request.refused` get. */
export interface RefusedRequest {
  reason: string;
  path: string;
  remoteAddress: string;
  /** What the request claims; nothing of it is verified. */
  senderId: string | undefined;
}

const refused = channel('peercloud:request.refused');

/** Counts what is refused and writes about it at a limited rate: strangers must not fill the log. */
export class RefusalLog {
  private total = 0;
  private readonly causes = new Map<string, { last: number; held: number }>();

  constructor(
    private readonly logger: { warn(message: string): void },
    private readonly now: () => number,
  ) {}

  /** Requests refused since the start. */
  get count(): number {
    return this.total;
  }

  note(reason: string, request: IncomingPeerRequest): void {
    this.total++;
    const { path, remoteAddress, headers } = request;
    const claimed = headers[PEER_ID_HEADER];
    const senderId = isPeerId(claimed) ? claimed : undefined;
    if (refused.hasSubscribers) {
      const event: RefusedRequest = { reason, path, remoteAddress, senderId };
      refused.publish(event);
    }
    const held = this.heldUntilNow(reason);
    if (held === undefined) return;
    const from = senderId === undefined ? '' : ` (it says it is ${senderId})`;
    const more = held === 0 ? '' : `; ${held} more of these before`;
    this.logger.warn(
      `refused a request to ${pathForLog(path)} from ${remoteAddress}${from}: ${reason}${more}`,
    );
  }

  /** How many lines were held back since the last one; undefined: hold this one back too. */
  private heldUntilNow(reason: string): number | undefined {
    const now = this.now();
    const cause = this.causes.get(reason);
    if (cause && now - cause.last < LINE_INTERVAL) {
      cause.held++;
      return undefined;
    }
    if (!cause && this.causes.size >= MAX_CAUSES) return undefined;
    this.causes.set(reason, { last: now, held: 0 });
    return cause?.held ?? 0;
  }
}

/** Nothing but printable ASCII, so that nobody writes lines of their own into the log. */
function pathForLog(path: string): string {
  return path.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
