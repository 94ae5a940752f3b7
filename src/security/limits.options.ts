import { readSection, type Section } from '../options/read-section.js';
import { LIMITS } from '../options/option-tables.js';

/**
 * Bounds on what remotes can make this peer hold or do. Over a limit, a request is answered 413 or
 * 429 with `retry-after`, or the caller gets a typed error.
 */
export interface LimitOptions {
  /** Bytes of a member's `data` as JSON, its own as well as others'. Default 65,536, and 262,144 at most. Every member's data is in every member's memory; what is over 60 KiB is too large for gossip, and waits until lists are compared. */
  maxDataBytes?: number;
  /** Bytes of an answer to `/join` or to a message that this peer reads. Default 16,777,216: room for the list of a cloud of 10,000 with 1.5 KiB for each. It has to hold 200 bytes for each of `maxPeers`. */
  maxAnswerBytes?: number;
  /** Levels of arrays and objects in a body, and in the reply to a message. Default 128; 48 at least, for news of members, whose data may have 32. */
  maxJsonDepth?: number;
  /** Characters of an id. Default 128, the protocol's own bound; 43 at least, for UUIDs and the thumbprints of keys. Lower it only where all peers' ids are known to be shorter. */
  maxIdLength?: number;
  /** Joins in a minute, in all. Default 6,000. Each one costs a call back. */
  joinsPerMinute?: number;
  /** Joins in a minute from one address. Default 1,200: many replicas may share an address behind NAT. */
  joinsPerMinutePerAddress?: number;
  /** Joins in work at once, those that wait for their call back included. Default 256. */
  maxConcurrentJoins?: number;
  /** Requests of one sender (address, for unknown ones) in work at once. Default 1,024. A message over a stream counts until its handler settles; one whose handler never does, until its sender stops waiting, and for `messageTimeout` at least. */
  maxRequestsPerSender?: number;
  /** Requests of all senders in work at once. Default 10,000. Messages over streams that are over it wait for their turn; an open stream itself counts for nothing. */
  maxRequests?: number;
  /** Bytes that bodies which are still coming in may hold, all together, requests on streams included; replies on streams may hold as much again. The first 16 KiB of each do not count. Over it, a body is answered 429, and a stream breaks. Default 268,435,456. Lower it where memory is scarce. */
  maxIncomingBytes?: number;
  /** Streams that one sender may have open here: one at work, others that finish what they have; the oldest goes first. Default 4; 2 at least, or none could be renewed. */
  maxStreamsPerSender?: number;
  /** Requests to one peer that may be under way or wait for a connection; more fail at once. Default 10,000. */
  maxRequestsToPeer?: number;
  /** Bytes of a request's headers, own listener only; and of an answer's to this peer. Default 16,384. */
  maxHeaderBytes?: number;
  /** Open connections; own listener only. Default 20,000. */
  maxConnections?: number;
  /** Ms until a request's headers must be there; own listener only. Default 10,000. */
  headersTimeout?: number;
  /** Ms until a request's body must be there, `/stream` excepted. Default 30,000. */
  bodyTimeout?: number;
  /** Connections that this peer keeps to one other. Default 32. More help only where many slow requests wait for the same peer. While a peer that takes streams refuses one, twice as many messages go to it by `/message` at the same time; others wait, and at their deadline they get `OVERLOADED`. */
  connectionsPerPeer?: number;
  /** Peers that this one has connections to at the same time; those that are unused for longest are closed first. Default 512. While all are used, requests to other peers wait; at their deadline they get `OVERLOADED`. */
  maxConnectedPeers?: number;
  /** Bytes of the `data` of all members together, as JSON. Default 67,108,864. Over it, data that others tell is left out with its member; who joins by itself is let in. Memory is several times that. */
  maxListBytes?: number;
  /** Members that one other member may name before any of them has answered this peer. Default 1,000; the answer to the join by which this peer came in does not count. Higher brings large parted clouds together sooner, and lets a liar put more names on the list. */
  maxHearsay?: number;
  /** Third members that one member may report as left within a minute; more are not looked into. Default 100. Each is off the list until it was asked. */
  reportsPerMinute?: number;
  /** Members that are gone and remembered, so that old news does not bring them back and they are found again. Default 8,192. */
  maxTombstones?: number;
  /** Joiners that are called back at the same moment. Default 16. More let crowds in sooner, and let strangers make this peer call more. */
  maxJoinChecks?: number;
  /** Joins that wait for their call back; more are refused, those of the address with the most first. Default 1,024, within `maxConcurrentJoins`. */
  maxWaitingJoins?: number;
  /** Members that are asked at the same moment because of what others say of them. Default 16. */
  maxVerifications?: number;
  /** Members that wait to be asked; what is said of more is not looked into. Default 16,384. */
  maxWaitingVerifications?: number;
  /** Items of news that wait to be passed on, one for each member: over it, what was told most often makes room. Default 4,096. */
  maxGossipQueue?: number;
}

/** LimitOptions, complete. */
export type ResolvedLimitOptions = Section<typeof LIMITS>;

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
