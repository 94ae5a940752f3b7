import type { Duplex } from 'node:stream';
import type { PeerAddress } from '../../wire/bodies.js';

/** Headers by their names in lower case; all of it is ASCII. */
export type TransportHeaders = Readonly<Record<string, string>>;

/** A request of the protocol, ready to go: whoever carries it looks at nothing in it. */
export interface TransportRequest {
  /** What it asks for: `/join`, `/status`, `/message`, `/broadcast` and so on. */
  readonly path: string;
  readonly headers: TransportHeaders;
  /** JSON in UTF-8; empty for none. */
  readonly body: Buffer;
}

/** The answer to a request, whatever its status. */
export interface TransportAnswer {
  /** As in HTTP: 100 to 599. */
  readonly status: number;
  readonly headers: TransportHeaders;
  readonly body: Buffer;
}

/** How long a request may take, and what ends it before. */
export interface TransportCallOptions {
  /** Ms until it fails with `TIMEOUT`. */
  readonly timeout: number;
  /** Has it fail with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Most bytes of the answer's body: more is a `BAD_ANSWER`. */
  readonly maxAnswerBytes: number;
}

/**
 * One end of a connection: bytes that arrive whole, in order and once, or an end by `destroy()` at both
 * sides. It holds writers back while the other side does not read.
 */
export interface TransportSocket extends Duplex {
  /** Bytes that were given to it, those that it still holds included, as with a socket of Node. */
  readonly bytesWritten: number;
}

/** What became of asking for a connection. */
export interface TransportConnection {
  readonly answer: TransportAnswer;
  /** There, and only there, where the status of the answer is 101. */
  readonly socket?: TransportSocket | undefined;
}

/** Who takes what arrives at a peer: this package. None of it throws or rejects. */
export interface TransportReceiver {
  /**
   * Answers a request, one that came by `broadcast()` too.
   *
   * @param from IP of the address that it came from, as far as the network knows
   */
  request(request: TransportRequest, from: string): Promise<TransportAnswer>;

  /**
   * Judges who asks for a connection. Where the answer is a 101 there is `accept`, to be called with this
   * side's end of it, after the answer is on its way.
   *
   * @param from as with `request()`
   */
  connect(
    headers: TransportHeaders,
    from: string,
  ): Promise<{
    readonly answer: TransportAnswer;
    readonly accept?: (socket: TransportSocket) => void;
  }>;
}

/** Who hears what comes of a broadcast. */
export interface BroadcastListener {
  /** Most bytes of an answer; a larger one is left out. */
  readonly maxAnswerBytes: number;
  /** One member's answer, in any order; who answers says the answer itself. */
  onAnswer: (answer: TransportAnswer) => void;
  /** The way back is lost: nobody else will be heard. */
  onLost: (error: Error) => void;
}

/**
 * One peer's place on a network. Addresses are an IP and a port for the rest of the package, and need no
 * other meaning than that each peer of the cloud has its own, so a private one by chance will do.
 */
export interface TransportLink {
  /** Where the others reach this peer, for as long as it lives; known before `open()`. */
  readonly address: PeerAddress;

  /**
   * Lets others reach this peer, when the application is up. Rejects where that cannot be; then the
   * application does not start.
   */
  open(receiver: TransportReceiver): Promise<void>;

  /**
   * Takes a request to an address and brings the answer back. Rejects with a TransportError: `REFUSED` where
   * it is certain that nobody is at that address, `UNREACHABLE` where nothing was sent, with
   * `cause.code` `ENETUNREACH` where it is this peer that has no network, `CONNECTION_LOST` where the
   * request may have arrived, `TIMEOUT`, `ABORTED`, `BAD_ANSWER`.
   */
  request(
    target: PeerAddress,
    request: TransportRequest,
    options: TransportCallOptions,
  ): Promise<TransportAnswer>;

  /**
   * Opens a connection, on which messages travel. Rejects as `request()` does. Without it each
   * message is a request, and there are no streams of replies.
   */
  connect?(
    target: PeerAddress,
    headers: TransportHeaders,
    options: TransportCallOptions,
  ): Promise<TransportConnection>;

  /**
   * Takes a request to all peers of the cloud at once, this one excepted. Without it, and where it returns
   * undefined because it cannot take this one, each of them gets its own.
   *
   * @returns stops listening
   */
  broadcast?(
    request: TransportRequest,
    listener: BroadcastListener,
  ): (() => void) | undefined;

  /**
   * Addresses of other peers of this cloud, some of them where there are many: hints, never verdicts. Asked
   * at the start, again while this peer is alone, and now and then for parts of the cloud that do not know
   * of each other. Without it, the option `peers` has the addresses.
   */
  findPeers?(): Promise<readonly PeerAddress[]>;

  /** Closing has taken its time: breaks whatever is under way, in both directions. */
  cutOff(): void;

  /** Is no more reached; what is under way is finished first. Called once, also where `open()` was not. */
  close(): Promise<void>;
}

/** What a link is made for. */
export interface TransportContext {
  /** The option `cloud`; '' for none. It may have any character. */
  readonly cloud: string;
  /** Peers on this peer's list, itself excepted. */
  size: () => number;
}

/** The option `transport`: the network that the peers of a cloud reach each other by, in the place of HTTP. */
export interface CloudTransport {
  /** For the log, and for errors: `NATS`. */
  readonly name: string;
  /** Makes the link of one peer, once for each; it does nothing yet. */
  create(context: TransportContext): TransportLink;
}
