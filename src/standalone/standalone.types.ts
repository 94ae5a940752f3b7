import type { LoggerService, LogLevel } from '@nestjs/common';
import type {
  JsonObject,
  JsonValue,
  LeaveReason,
  PeerCloudOptions,
  PeerDescription,
} from '../index.js';

/** A Node callback: `error` is null when all went well. */
export type NodeCallback<T, E = Error> = (
  error: E | null,
  value?: T,
) => unknown;

/**
 * Replies to a message, once; later calls do nothing. With an error the sender gets an error: an
 * HttpException, or an error with a `status` or `statusCode` from 400 to 599, under that status; any
 * other as a 500 without details, which this peer logs in full.
 */
export type Reply = (error?: unknown, body?: JsonValue) => void;

/**
 * The handler of messages.
 *
 * @param peer the sender's `data`
 * @param body the message
 * @param reply answers it. A handler that declares this third parameter answers by it alone; any other
 *   by what it returns, a value or a promise.
 */
export type OnMessage = (
  peer: JsonObject,
  body: JsonObject,
  reply: Reply,
) => unknown;

/** What `peercloud()` takes: the options of the module, with the port and handler of the original. */
export interface StandaloneOptions extends Omit<
  PeerCloudOptions,
  'listener' | 'port'
> {
  /**
   * Port to listen on, a number or a string of digits (`process.env.PORT`). Absent, empty or 0: 9338,
   * or a free one if that is taken. A port that is given and taken is an error.
   */
  port?: number | string | undefined;

  /** Address or name of the interface to listen on. Default: all of them. */
  host?: string | undefined;

  /** Handles what other peers send. Default: every message is answered with `{}`. */
  onmessage?: OnMessage | undefined;

  /** The same as `onmessage`; it wins where both are given. */
  onMessage?: OnMessage | undefined;

  /**
   * Nest's logger for this process: levels, a logger of your own, or false for silence. Default:
   * `['fatal', 'error', 'warn']`; add `'log'` to see who comes and goes.
   */
  logger?: LoggerService | LogLevel[] | false | undefined;

  /**
   * Whether SIGINT (Ctrl-C) and SIGTERM take the peer out of the cloud and then end the process with code 0.
   * Default true, as in the original. A second signal ends it at once.
   */
  signals?: boolean | undefined;
}

/** A peer of the cloud, in the form of the original. */
export interface StandalonePeer {
  /** Unique in the cloud. */
  readonly id: string;
  /** What the peer says about itself. */
  readonly data: JsonObject;
  /** Sends it a message (default `{}`); resolves to the reply, rejects with a MessageError. */
  send: SendToPeer;
}

export interface SendToPeer {
  <T = JsonValue>(body?: JsonValue, callback?: NodeCallback<T>): Promise<T>;
  <T = JsonValue>(callback: NodeCallback<T>): Promise<T>;
}

/** What one peer made of a broadcast: a reply or an error. `peer` is the peer's data. */
export type StandaloneResult =
  | { peer: JsonObject; value: JsonValue; error?: undefined }
  | { peer: JsonObject; error: Error; value?: undefined };

/** Gets all results as its error if one peer failed, else as its replies. */
export type BroadcastCallback = NodeCallback<
  StandaloneResult[],
  StandaloneResult[] | Error
>;

/** A peer that runs in this process, and the cloud as it sees it. */
export interface PeerCloudClient {
  /** This peer itself: its id, address and data. */
  readonly self: PeerDescription;

  /**
   * Sends a message (default `{}`) to all peers and resolves to their replies.
   *
   * @throws BroadcastError if at least one failed; its `results` has all of them
   */
  send(
    body?: JsonValue,
    callback?: BroadcastCallback,
  ): Promise<StandaloneResult[]>;
  send(callback: BroadcastCallback): Promise<StandaloneResult[]>;

  /** All other peers, at once and without the network. */
  peers(): StandalonePeer[];

  /** Replaces this peer's data, here and at all others. */
  update(data: JsonObject, callback?: NodeCallback<void>): Promise<void>;

  /** Leaves the cloud and stops listening. Calling it again waits for the same end. */
  close(callback?: NodeCallback<void>): Promise<void>;

  /** Calls the listener at each event of that name; the names are those of `@OnPeerEvent()` and the messages'. */
  on<Name extends keyof ClientEventMap>(
    event: Name,
    listener: (event: ClientEventMap[Name]) => void,
  ): this;

  /** Takes a listener off again. */
  off<Name extends keyof ClientEventMap>(
    event: Name,
    listener: (event: ClientEventMap[Name]) => void,
  ): this;
}

/** What the listeners of each event get. */
export interface ClientEventMap {
  'cloud.joined': { type: 'cloud.joined' };
  'cloud.left': { type: 'cloud.left' };
  'peer.joined': { type: 'peer.joined'; peer: StandalonePeer };
  'peer.left': { type: 'peer.left'; peer: StandalonePeer; reason: LeaveReason };
  'peer.updated': {
    type: 'peer.updated';
    peer: StandalonePeer;
    /** The peer's data before. */
    previous: JsonObject;
  };
  'peer.suspected': { type: 'peer.suspected'; peer: StandalonePeer };
  'peer.recovered': { type: 'peer.recovered'; peer: StandalonePeer };
  'message.sent': {
    type: 'message.sent';
    peer: StandalonePeer;
    body: JsonValue;
  };
  'message.received': {
    type: 'message.received';
    peer: StandalonePeer;
    body: JsonValue;
  };
  'message.failed': {
    type: 'message.failed';
    peer: StandalonePeer;
    body: JsonValue;
    error: Error;
  };
}
