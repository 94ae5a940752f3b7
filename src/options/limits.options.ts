import { LIMITS } from './option-tables.js';
import { readSection } from './read-section.js';

/**
 * Bounds on what remotes can make this peer hold or do. Over a limit, a request is answered 413 or
 * 429 with `retry-after`, or the caller gets a typed error.
 */
export interface LimitOptions {
  /**
   * Bytes of a member's `data` as JSON, its own as well as others'. Every member's data is in every
   * member's memory; what is over 60 KiB is too large for gossip, and waits until lists are compared.
   *
   * @defaultValue 65,536 bytes
   */
  maxDataBytes?: number | undefined;
  /**
   * Bytes of an answer to `/join` or to a message that this peer reads. The usual 16 MiB are room for the
   * list of a cloud of 10,000 with 1.5 KiB for each. It has to hold 200 bytes for each of `maxPeers`.
   *
   * @defaultValue 16,777,216 bytes
   */
  maxAnswerBytes?: number | undefined;
  /**
   * Levels of arrays and objects in a body, and in the reply to a message. 48 at least, for updates
   * about members, whose data may have 32.
   *
   * @defaultValue 128
   */
  maxJsonDepth?: number | undefined;
  /**
   * Characters of an id. 128 is the protocol's own bound; 43 at least, for UUIDs and the thumbprints of
   * keys. Lower it only where all peers' ids are known to be shorter.
   *
   * @defaultValue 128
   */
  maxIdLength?: number | undefined;
  /**
   * Joins in a minute, in all. Each one costs a call back.
   *
   * @defaultValue 6000
   */
  joinsPerMinute?: number | undefined;
  /**
   * Joins in a minute from one address. Many replicas may share an address behind NAT.
   *
   * @defaultValue 1200
   */
  joinsPerMinutePerAddress?: number | undefined;
  /**
   * Joins in work at once, those that wait for their call back included.
   *
   * @defaultValue 256
   */
  maxConcurrentJoins?: number | undefined;
  /**
   * Requests of one sender (address, for unknown ones) in work at once. A message over a stream counts
   * until its handler settles; one whose handler never does, until its sender stops waiting, and for
   * `messageTimeout` at least.
   * Messages with several replies count by themselves, up to the same number; one over it is answered 429.
   *
   * @defaultValue 1024
   */
  maxRequestsPerSender?: number | undefined;
  /**
   * Requests of all senders in work at once. Messages over streams that are over it wait for their turn;
   * an open stream itself counts for nothing.
   *
   * @defaultValue 10,000
   */
  maxRequests?: number | undefined;
  /**
   * Bytes that bodies which are still coming in, or are parsed and not yet read, may hold, all together,
   * requests on streams included; replies on streams may hold as much again. Parsed, a body counts with
   * what it takes in memory. The first 16 KiB of each do not count. Over it, a body is answered 429, and a
   * stream breaks. Lower it where memory is scarce.
   *
   * @defaultValue 268,435,456 bytes
   */
  maxIncomingBytes?: number | undefined;
  /**
   * Streams that one sender may have open here: one at work, others that finish what they have; the oldest
   * goes first. 2 at least, so that one can take over.
   *
   * @defaultValue 4
   */
  maxStreamsPerSender?: number | undefined;
  /**
   * Requests to one peer that may be under way or wait for a connection; more fail at once.
   *
   * @defaultValue 10,000
   */
  maxRequestsToPeer?: number | undefined;
  /**
   * Bytes of a request's headers, own listener only; and of an answer's to this peer.
   *
   * @defaultValue 16,384 bytes
   */
  maxHeaderBytes?: number | undefined;
  /**
   * Open connections; own listener only.
   *
   * @defaultValue 20,000
   */
  maxConnections?: number | undefined;
  /**
   * Ms until a request's headers must be there; own listener only.
   *
   * @defaultValue 10,000 ms
   */
  headersTimeout?: number | undefined;
  /**
   * Ms until a request's body must be there.
   *
   * @defaultValue 30,000 ms
   */
  bodyTimeout?: number | undefined;
  /**
   * Connections for `/message` that this peer keeps to one other, and as many for everything else. More help
   * only where many slow requests wait for the same peer. Where they fall silent, others take their place. While a peer that takes streams refuses one, twice as many messages go to it by `/message`
   * at the same time; others wait, and at their deadline they get `OVERLOADED`.
   *
   * @defaultValue 32
   */
  connectionsPerPeer?: number | undefined;
  /**
   * Peers that this one has connections to at the same time; those that are unused for longest are closed
   * first. While all are used, requests to other peers wait; at their deadline they get `OVERLOADED`.
   *
   * @defaultValue 512
   */
  maxConnectedPeers?: number | undefined;
  /**
   * Bytes of the `data` of all members together, as JSON. Over it, data that others send is left out with
   * its member; a member that joins by itself is let in. Memory is several times that.
   *
   * @defaultValue 67,108,864 bytes
   */
  maxListBytes?: number | undefined;
  /**
   * Unconfirmed members (hearsay): how many one other member may name before any of them has answered this
   * peer. The answer to the
   * join by which this peer came in does not count. Higher brings large parted clouds together sooner, and
   * lets a liar put more names on the list.
   *
   * @defaultValue 1000
   */
  maxHearsay?: number | undefined;
  /**
   * Third members that one member may report as left within a minute; more are not looked into. Each is
   * off the list until it was asked.
   *
   * @defaultValue 100
   */
  reportsPerMinute?: number | undefined;
  /**
   * Members that are gone and remembered, so that old updates do not bring them back and they are found
   * again.
   *
   * @defaultValue 8192
   */
  maxTombstones?: number | undefined;
  /**
   * Joiners that are called back at the same moment. More let crowds in sooner, and let strangers make
   * this peer call more.
   *
   * @defaultValue 16
   */
  maxJoinChecks?: number | undefined;
  /**
   * Joins that wait for their call back; more are refused, those of the address with the most first. They
   * count within `maxConcurrentJoins`.
   *
   * @defaultValue 1024
   */
  maxWaitingJoins?: number | undefined;
  /**
   * Members that are asked at the same moment because of what others say of them.
   *
   * @defaultValue 16
   */
  maxVerifications?: number | undefined;
  /**
   * Members that wait to be asked; what is said of more is not looked into.
   *
   * @defaultValue 16,384
   */
  maxWaitingVerifications?: number | undefined;
  /**
   * Updates that wait to be sent, one for each member: over it, the one that was sent most often makes
   * room.
   *
   * @defaultValue 4096
   */
  maxGossipQueue?: number | undefined;
}

/** LimitOptions, complete. */
export type ResolvedLimitOptions = {
  readonly [K in keyof LimitOptions]-?: NonNullable<LimitOptions[K]>;
};

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveLimitOptions(
  input: unknown,
  path: string,
): ResolvedLimitOptions {
  return readSection(input, path, LIMITS);
}
