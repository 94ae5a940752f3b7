import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { JsonValue } from '../../wire/json.js';
import type { MembershipCore, Member } from '../../membership/index.js';
import { refusals } from '../protocol.error.js';

/** Where the gate leaves what it read: a property of Node's own request, on both adapters. */
export const PEER_REQUEST: unique symbol = Symbol('peercloud.request');

/** A protocol request that passed the gate: its size is bounded, its signature holds, its JSON is sound. */
export interface PeerRequest {
  /**
   * The parsed body; undefined where there was none. It is handed out once: whoever takes it keeps what is
   * worth keeping, and nothing of it waits here for as long as the work takes.
   */
  takeBody(): JsonValue | undefined;
  headers: IncomingHttpHeaders;
  /** `x-peercloud-id`, where the request had one that can be an id, for this receiver (PROTOCOL.md, section 1). */
  senderId?: string;
  /** The client in one spelling: the socket's address, or what a trusted proxy says. */
  remoteAddress: string;
  /** Signs the answer to this request; absent in an open cloud. */
  signAnswer?: (status: number, body: Buffer) => Record<string, string>;
}

/** The request as a controller gets it: Express hands out Node's own, Fastify wraps it. */
export type AdapterRequest = (IncomingMessage | { raw: IncomingMessage }) & {
  /** The same body, for guards and other parts of the app that look at it. */
  body?: unknown;
};

/** Node's own request, whichever adapter handed it out. */
export function incomingOf(request: AdapterRequest): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}

/** What the gate left on a request; undefined if the request did not pass it. */
export function peerRequestOf(
  request: AdapterRequest,
): PeerRequest | undefined {
  return (incomingOf(request) as { [PEER_REQUEST]?: PeerRequest })[
    PEER_REQUEST
  ];
}

/** Leaves what the gate read on Node's own request. */
export function attachPeerRequest(
  incoming: IncomingMessage,
  request: PeerRequest,
): void {
  (incoming as { [PEER_REQUEST]?: PeerRequest })[PEER_REQUEST] = request;
}

/** What a request says about who sent it. */
export type Sender = Pick<PeerRequest, 'senderId' | 'remoteAddress'>;

/**
 * The member that sent a request; waits for a join of this peer that is under way, 1 s at most. This peer
 * itself is no sender: the self-check relies on that to ask without harm (PROTOCOL.md, section 1, identity).
 *
 * @throws ProtocolError 403, `UNKNOWN_SENDER`
 */
export async function requireMember(
  core: MembershipCore,
  { senderId }: Sender,
): Promise<Member> {
  const sender =
    senderId === undefined || senderId === core.id
      ? undefined
      : (core.get(senderId) ?? (await core.admit(senderId)));
  if (sender === undefined) {
    throw refusals.unknownSender();
  }
  return sender;
}

/** Under which name a request is counted: its member, or the address of one who is none. */
export function senderKey(
  core: MembershipCore,
  { senderId, remoteAddress }: Sender,
): string {
  return senderId !== undefined && core.get(senderId) !== undefined
    ? senderId
    : remoteAddress;
}
