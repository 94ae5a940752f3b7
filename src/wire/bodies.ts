import type { JsonObject } from './json.js';
import { STATUS_CODES } from 'node:http';

/** Where a peer answers. `ip` is an IP literal, except in addresses of known peers, where it may be a name. */
export interface PeerAddress {
  ip: string;
  port: number;
  /** `https` where the peer advertises TLS; absent means `http`. */
  scheme?: 'https';
}

/**
 * A peer as the wire describes it: an entry of `peers` in the answer to `/join`, the body of `/joined`.
 * The last ones are extensions (PROTOCOL.md, section 4); a legacy peer has none of them.
 */
export interface PeerInfo extends PeerAddress {
  id: string;
  data: JsonObject;
  features?: readonly string[];
  /** Unix time in ms at the peer's start, raised by the peer itself to refute old news. */
  incarnation?: number;
  cloud?: string;
  /** The member's own signature of its record, where the cloud uses keys; opaque to everyone else. */
  signature?: string;
}

/** Body of `/join`, after validation and normalisation. Absent means what PROTOCOL.md, section 2, says. */
export interface JoinRequest {
  id?: string;
  ip?: string;
  port?: number;
  data?: JsonObject;
  features?: readonly string[];
  incarnation?: number;
  cloud?: string;
  scheme?: 'https';
  /** The joiner's own signature of its record, where the cloud uses keys. */
  signature?: string;
}

/** Why a `/join` was refused (PROTOCOL.md, section 2). */
export type JoinRefusal =
  | 'CHECK_FAILED'
  | 'ID_TAKEN'
  | 'CLOUD_FULL'
  | 'WRONG_CLOUD'
  | 'CLOCK_AHEAD'
  | 'LEAVING';

/** Answer to an accepted `/join`. */
export interface JoinAccepted {
  status: 'joined';
  id: string;
  ip: string;
  port: number;
  self: Omit<PeerInfo, 'ip' | 'port'> & Partial<Pick<PeerInfo, 'ip' | 'port'>>;
  peers: PeerInfo[];
}

/** Answer to a refused `/join`: status 200 on the wire. */
export interface JoinRejected {
  status: 'rejected';
  error: { code: JoinRefusal; message: string };
}

export type JoinAnswer = JoinAccepted | JoinRejected;

/** Body of `/left`. */
export interface LeftRequest {
  id: string;
}

/** Body of `/update`: a peer replaces its own data. */
export interface UpdateRequest {
  id: string;
  data: JsonObject;
  incarnation?: number;
}

/** What a peer says about itself when it is asked for `/status`. */
export interface PeerStatus {
  id?: string;
  online: boolean;
  listening?: boolean;
  joined?: boolean;
  features?: readonly string[];
  incarnation?: number;
  cloud?: string;
  scheme?: 'https';
  /** Extension part (PROTOCOL.md, section 4: `gossip` and `probe`). */
  ext?: JsonObject;
}

/** The body of a non-2xx answer: Nest's own shape plus a stable code (PROTOCOL.md, section 1, errors). */
export function errorBody(
  statusCode: number,
  message: string,
  code?: string,
): JsonObject {
  const error = STATUS_CODES[statusCode] ?? 'Error';
  return code === undefined
    ? { statusCode, error, message }
    : { statusCode, error, message, code };
}
