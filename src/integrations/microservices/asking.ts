import {
  BadStatusError,
  InvalidReplyError,
  NoSuchPeerError,
  OverloadedError,
  UnreachableError,
  type JsonObject,
  type JsonValue,
  type Peer,
  type PeerChannel,
} from '../../index.js';
import { MicroserviceError } from './microservice.error.js';
import { noHandler, streamLost } from './microservices.messages.js';
import { readAnswer, type Answer, type Packet } from './packets.js';
import type { PeerCloudTarget } from './peer-cloud.record.js';

/** A request or an event that is on its way. */
export interface Call {
  readonly pattern: string;
  readonly data: JsonValue;
  readonly to: PeerCloudTarget;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly timeout: number;
  /** When the first answer has to be there, as `performance.now()`. */
  readonly deadline: number;
}

/** Who reads the values of a request. */
export interface Reader {
  readonly next: (value: JsonValue) => void;
  /** The handler's own error. */
  readonly error: (payload: JsonValue) => void;
  /** Nobody reads any more. */
  isClosed: boolean;
}

type Taken = Exclude<Answer, { none: true }>;

/** Who asks one of several peers. */
interface Asker<T> {
  /** Is told of each peer before it is asked; false: none is to be asked any more. */
  begin?(peer: Peer): boolean;
  /** None has taken it. */
  none?(): void;
  /** What becomes of the answer of the one that has taken the packet. */
  take(peer: Peer, answer: Taken): T | Promise<T>;
}

/**
 * Brings a packet to the first of these peers that takes it. The next one has its turn only where the packet
 * surely has not been handled. No async function: each promise costs as much as a good part of the request.
 *
 * @throws MessageError of the last one, or of the one that may have handled it
 * @throws MicroserviceError (`NO_HANDLER`) where none has the pattern
 */
export function askOneOf<T>(
  channel: PeerChannel,
  peers: readonly Peer[],
  packet: Packet,
  call: Call,
  asker: Asker<T>,
  index = 0,
  failure?: unknown,
): Promise<T> {
  const peer = peers[index];
  const left = call.deadline - performance.now();
  if (
    !peer ||
    (left <= 0 && failure !== undefined) ||
    asker.begin?.(peer) === false
  ) {
    asker.none?.();
    return Promise.reject(
      (failure as Error | undefined) ??
        new MicroserviceError('NO_HANDLER', noHandler(call.pattern)),
    );
  }
  const next = (why: unknown) =>
    askOneOf(channel, peers, packet, call, asker, index + 1, why);
  return ask(channel, peer, packet, call, Math.max(1, left)).then(
    (reply) => {
      const answer = answerOf(peer, reply);
      return 'none' in answer ? next(failure) : asker.take(peer, answer);
    },
    (error: unknown) => {
      if (!isUndelivered(error)) {
        throw error;
      }
      return next(error);
    },
  );
}

/** A request to one of several peers, whose reader gets all values of its handler. */
export class Request implements Asker<void> {
  readonly #id = nextId();
  readonly #channel: PeerChannel;
  readonly #call: Call;
  readonly #reader: Reader;
  /** Where it is giving values, or may be at work. */
  #at: Peer | undefined;

  constructor(channel: PeerChannel, call: Call, reader: Reader) {
    this.#channel = channel;
    this.#call = call;
    this.#reader = reader;
  }

  /**
   * Resolves when all values have been given, or nobody reads any more.
   *
   * @throws MessageError and MicroserviceError; the handler's own error goes to the reader
   */
  run(peers: readonly Peer[]): Promise<void> {
    const { pattern, data } = this.#call;
    const packet = { send: pattern, data, id: this.#id };
    return askOneOf(this.#channel, peers, packet, this.#call, this);
  }

  /** Ends it where it is at work. */
  cancel(): void {
    if (this.#at) {
      const end = { end: this.#id };
      this.#channel.send(this.#at, end).catch(() => undefined);
      this.#at = undefined;
    }
  }

  begin(peer: Peer): boolean {
    this.#at = peer;
    return !this.#reader.isClosed;
  }

  none(): void {
    this.#at = undefined;
  }

  take(peer: Peer, { values, error, more }: Taken): void | Promise<void> {
    const reader = this.#reader;
    if (!more) {
      this.#at = undefined;
    } else if (reader.isClosed) {
      this.cancel();
      return;
    }
    for (const value of values) {
      reader.next(value);
      if (reader.isClosed) {
        return;
      }
    }
    if (error !== undefined) {
      reader.error(error);
    }
    if (more && !reader.isClosed) {
      return this.#more(peer);
    }
  }

  async #more(peer: Peer): Promise<void> {
    const { timeout } = this.#call;
    const packet = { next: this.#id, wait: Math.ceil(timeout / 2) };
    const reply = await ask(this.#channel, peer, packet, this.#call, timeout);
    const answer = answerOf(peer, reply);
    if ('none' in answer) {
      throw new MicroserviceError('STREAM_LOST', streamLost(peer.id));
    }
    return this.take(peer, answer);
  }
}

function ask(
  channel: PeerChannel,
  peer: Peer,
  packet: Packet,
  { metadata }: Call,
  timeout: number,
): Promise<JsonObject | undefined> {
  return channel.send<JsonObject>(
    peer,
    packet,
    metadata ? { timeout, metadata } : { timeout },
  );
}

/** @throws InvalidReplyError */
function answerOf({ id }: Peer, reply: JsonObject | undefined): Answer {
  const answer = readAnswer(reply);
  if (!answer) {
    throw new InvalidReplyError(id, 'it is no answer of microservices');
  }
  return answer;
}

/** True for errors after which the packet was surely not handled. */
function isUndelivered(error: unknown): boolean {
  if (error instanceof BadStatusError) {
    const payload = error.payload as { code?: unknown } | undefined;
    return error.status === 403 && payload?.code === 'UNKNOWN_SENDER';
  }
  return (
    error instanceof UnreachableError ||
    error instanceof NoSuchPeerError ||
    error instanceof OverloadedError
  );
}

/** A peer with the same id after a restart does not count from the same number. */
let lastId = Math.floor(Math.random() * 2 ** 40);

/** Of this process, for all clients: a peer sees one sender. */
function nextId(): number {
  lastId += 1;
  return lastId;
}
