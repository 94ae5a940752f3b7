import type { JsonObject } from './json.js';
import type { PeerInfo } from './peer-info.js';

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
  'CHECK_FAILED' | 'ID_TAKEN' | 'CLOUD_FULL' | 'WRONG_CLOUD' | 'LEAVING';

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
