/** The options of the peer, complete (ResolvedPeerCloudOptions). */
export const PEER_CLOUD_OPTIONS = Symbol.for('nestjs-peercloud:options');

/** The door to the network (PeerTransport). */
export const PEER_TRANSPORT = Symbol('PEER_TRANSPORT');

/** What stands for HTTP where the option `transport` says so (TransportLink); undefined otherwise. */
export const PEER_LINK = Symbol('PEER_LINK');

/** The framework-free membership (MembershipCore). */
export const MEMBERSHIP_CORE = Symbol('MEMBERSHIP_CORE');

/** Time, as membership and what waits for it see it (Clock). */
export const PEER_CLOCK = Symbol('PEER_CLOCK');

/** Chance, as membership sees it (Random). */
export const PEER_RANDOM = Symbol('PEER_RANDOM');

/** This package's own HttpService of @nestjs/axios, for control requests; add interceptors to it. */
export const PEER_HTTP_SERVICE = Symbol.for('nestjs-peercloud:http-service');

/** Judges the signature of what arrives (RequestVerifier). */
export const REQUEST_VERIFIER = Symbol('REQUEST_VERIFIER');

/** The requests of all senders that are in work, whichever way they came (Semaphore). */
export const REQUESTS_IN_WORK = Symbol('REQUESTS_IN_WORK');

/** Decides whom a remote can make this peer call (AddressPolicy). */
export const ADDRESS_POLICY = Symbol('ADDRESS_POLICY');
