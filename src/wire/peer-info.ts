import type { JsonObject } from './json.js';

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
