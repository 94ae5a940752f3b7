import type { Attributes } from '@opentelemetry/api';
import type { MessageTrace } from '../../index.js';

/** What the conventions for RPC call the system that carries a call. */
export const SYSTEM = 'nestjs-peercloud';

/** For patterns and codes that are not told apart. */
export const OTHER = '_OTHER';

/**
 * Attributes of spans and metrics: the stable conventions for RPC (semantic conventions 1.45), and names of
 * our own for what they do not have.
 */
export const ATTRIBUTE = {
  system: 'rpc.system.name',
  method: 'rpc.method',
  status: 'rpc.response.status_code',
  error: 'error.type',
  address: 'server.address',
  port: 'server.port',
  peer: 'peercloud.peer.id',
  channel: 'peercloud.channel',
  direction: 'peercloud.direction',
  outcome: 'peercloud.outcome',
  peers: 'peercloud.broadcast.peers',
  failures: 'peercloud.broadcast.failures',
  state: 'peercloud.member.state',
  reason: 'peercloud.reason',
  job: 'peercloud.job.name',
  event: 'peercloud.job.event',
} as const;

/** Statuses from here on are the fault of who handles the message, and those below of who sent it. */
const SERVER_ERRORS = 500;

/** How a message ended: `OK`, the status of an answer that is an error, or the code of an error. */
export function codeOf({ outcome = OTHER, status }: MessageTrace): string {
  return outcome === 'BAD_STATUS' && status !== undefined
    ? String(status)
    : outcome;
}

/** The attributes of the end; with `error.type` where this side has to call it an error. */
export function ending(trace: MessageTrace): Attributes {
  const code = codeOf(trace);
  return {
    [ATTRIBUTE.status]: code,
    ...(isError(trace) && { [ATTRIBUTE.error]: code }),
  };
}

/** A handler that refuses what it got has done its work. */
function isError({ side, outcome, status = SERVER_ERRORS }: MessageTrace) {
  return outcome !== 'OK' && (side === 'sender' || status >= SERVER_ERRORS);
}
