import { messageOf } from '../errors/error-text.js';
import type { Peer, PeerCloudEvent } from '../membership/index.js';
import { MessageError } from '../messaging/index.js';
import type { JsonObject, JsonValue } from '../wire/json.js';

/** As much of an event of a job as is told; the integration is not imported. */
export interface JobEvent {
  type: `job.${string}`;
  job: string;
  occurrence?: Date;
  duration?: number;
  error?: unknown;
  from?: string;
  reason?: string;
}

/** What a peer calls itself. */
export function nameOf({ data }: Pick<Peer, 'data'>): string | undefined {
  return typeof data.name === 'string' ? data.name : undefined;
}

/** Whom a reply is from. */
export function briefly(peer: Peer): JsonObject {
  return withoutGaps({ id: peer.id, name: nameOf(peer) });
}

/** An event as it is now: what is known of its peer may change. */
export function describeEvent(event: PeerCloudEvent | JobEvent): JsonObject {
  const at = new Date().toISOString();
  if ('job' in event) {
    const { type, job, occurrence, duration, error, from, reason } = event;
    return withoutGaps({
      at,
      type,
      job,
      occurrence: occurrence?.toISOString(),
      duration,
      error: error === undefined ? undefined : messageOf(error),
      from,
      reason,
    });
  }
  return withoutGaps({
    at,
    type: event.type,
    peer: 'peer' in event ? describePeer(event.peer) : undefined,
    reason: 'reason' in event ? event.reason : undefined,
  });
}

/** Why there is no reply. */
export function describeError(error: unknown): JsonObject {
  const code = error instanceof MessageError ? error.code : 'FAILED';
  const { status, payload } = error as {
    status?: number;
    payload?: JsonValue;
  };
  return withoutGaps({ code, message: messageOf(error), status, payload });
}

function describePeer(peer: Peer): JsonObject {
  const { features, since, ...rest } = peer.toJSON();
  return { ...rest, features: [...features], since: since.toISOString() };
}

function withoutGaps(
  entries: Record<string, JsonValue | undefined>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as JsonObject;
}
