import type { EchoBody } from './load/body.js';

/** Message brokers that the bench starts where they are installed. */
export type BrokerName = 'nats' | 'redis';

/** Ports of the brokers that run. */
export type BrokerPorts = Partial<Record<BrokerName, number>>;

/** What the bench measures; a contender names those it takes part in. */
export type PartName =
  | 'request-reply'
  | 'broadcast'
  | 'fan-out'
  | 'light-beside-heavy'
  | 'open-loop'
  | 'growth'
  | 'idle'
  | 'join';

/** Where a peer answers: plain data, since it crosses process borders. */
export type PeerLocation = Readonly<Record<string, string | number>>;

/** What a peer that answers is started with. */
export interface ServerEnv {
  /** Number of this peer, from 0; unique in the run of one contender. */
  index: number;
  host: string;
  brokers: BrokerPorts;
  /** The peers that run already: where a contender that forms a cloud joins. */
  seeds: readonly PeerLocation[];
  /** Whether so many peers share this machine that what a cloud does at rest would be the load. */
  crowded: boolean;
}

/** Bounds of a sender's broadcasts. */
export interface FanOut {
  /** Peers that are asked at the same time. */
  concurrency: number;
  /** Peers that have a stream at the same time. */
  streams: number;
}

/** What the sender is started with. */
export interface ClientEnv {
  host: string;
  brokers: BrokerPorts;
  /** Every peer that answers, in the order of their numbers. */
  peers: readonly PeerLocation[];
  /** Default: the contender's own. */
  fanOut?: FanOut;
}

/** A peer that answers every message with the message's own body. */
export interface BenchServer {
  location: PeerLocation;
}

/** The peer that sends; the load is made in its process. */
export interface BenchClient {
  /** Sends to the peer of that number and resolves to its reply. */
  send(peer: number, body: EchoBody): Promise<unknown>;
  /**
   * Sends to all peers and resolves to the number of good replies once all are in.
   * Default: one `send` to each at once.
   */
  broadcast?(body: EchoBody): Promise<number>;
  /** Ms from just before it listens until it has joined the cloud and sees all of these peers. */
  joinMs?: number;
  /** Leaves the cloud; only where the same process opens the sender again. */
  close?(): Promise<void>;
}

/**
 * One way to get a message across. A file in `contenders/` exports one as its default.
 * Little has to be closed: the processes end when their figures are taken.
 */
export interface Contender {
  title: string;
  parts: readonly PartName[];
  /** Those of its parts that a quick run leaves out for it. Default: none. */
  notQuick?: readonly PartName[];
  /** Broker that it cannot do without. */
  broker?: BrokerName;
  /** Whether its peers have to start one after another, since two that join at once may miss each other. */
  startsOneByOne?: boolean;
  server(env: ServerEnv): Promise<BenchServer>;
  client(env: ClientEnv): Promise<BenchClient>;
}
