import type { WritePacket } from '@nestjs/microservices';
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

type Taken = Exclude<Answer, { none: true }>;

/** Who asks one of several peers. Each ask ends by `take()` or `fail()`. */
interface Asker {
  /** Is told of each peer before it is asked; false: none is to be asked any more. */
  begin?(peer: Peer): boolean;
  /** None has it; `fail()` follows. */
  none?(): void;
  /** The answer of the one that has taken the packet. What it throws is a failure too. */
  take(peer: Peer, answer: Taken): void;
  /**
   * None has taken it: MessageError of the last one, or of the one that may have handled it, MicroserviceError
   * (`NO_HANDLER`) where none has the pattern.
   */
  fail(error: unknown): void;
}

/**
 * Brings a packet to the first of these peers that takes it. The next one has its turn only where the packet
 * surely has not been handled. It calls back: each promise costs as much as a good part of the request.
 */
export function askOneOf(
  channel: PeerChannel,
  peers: readonly Peer[],
  packet: Packet,
  call: Call,
  asker: Asker,
  index = 0,
  failure?: unknown,
): void {
  const peer = peers[index];
  const left = call.deadline - performance.now();
  if (
    !peer ||
    (left <= 0 && failure !== undefined) ||
    asker.begin?.(peer) === false
  ) {
    asker.none?.();
    asker.fail(
      failure ?? new MicroserviceError('NO_HANDLER', noHandler(call.pattern)),
    );
    return;
  }
  const next = (why: unknown) =>
    askOneOf(channel, peers, packet, call, asker, index + 1, why);
  ask(channel, peer, packet, call, Math.max(1, left)).then(
    (reply) => {
      try {
        const answer = answerOf(peer, reply);
        if ('none' in answer) {
          next(failure);
        } else {
          asker.take(peer, answer);
        }
      } catch (error) {
        asker.fail(error);
      }
    },
    (error: unknown) => {
      if (isUndelivered(error)) {
        next(error);
      } else {
        asker.fail(error);
      }
    },
  );
}

/** Who reads the values of a request: of one to one of several peers, or of one to each of them. */
export class Reading {
  /** True once nobody reads any more. */
  isClosed = false;
  readonly #requests: Request[] = [];
  #underWay = 0;

  readonly #callback: (packet: WritePacket) => void;

  /** @param callback Nest's own: what it gets as `err` ends it */
  constructor(callback: (packet: WritePacket) => void) {
    this.#callback = callback;
  }

  /** Asks one peer of each group. */
  begin(
    channel: PeerChannel,
    call: Call,
    groups: readonly (readonly Peer[])[],
  ): void {
    this.#underWay = groups.length;
    for (const peers of groups) {
      const request = new Request(channel, call, this);
      this.#requests.push(request);
      request.run(peers);
    }
  }

  next(response: JsonValue): void {
    this.#callback({ response });
  }

  /** One request has given all its values. */
  ended(): void {
    this.#underWay--;
    if (this.#underWay === 0 && !this.isClosed) {
      this.#callback({ isDisposed: true });
    }
  }

  /** A request has failed: MessageError, MicroserviceError, or the handler's own error. */
  failed(err: unknown): void {
    if (!this.isClosed) {
      this.#callback({ err });
    }
  }

  /** Nobody reads any more: ends what is at work. */
  close(): void {
    this.isClosed = true;
    for (const request of this.#requests) {
      request.cancel();
    }
  }
}

/** A request to one of several peers, whose reader gets all values of its handler. */
class Request implements Asker {
  readonly #id = nextId();
  readonly #channel: PeerChannel;
  readonly #call: Call;
  readonly #reader: Reading;
  /** Where it is giving values, or may be at work. */
  #at: Peer | undefined;

  constructor(channel: PeerChannel, call: Call, reader: Reading) {
    this.#channel = channel;
    this.#call = call;
    this.#reader = reader;
  }

  run(peers: readonly Peer[]): void {
    const { pattern, data } = this.#call;
    const packet = { send: pattern, data, id: this.#id };
    askOneOf(this.#channel, peers, packet, this.#call, this);
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

  take(peer: Peer, { values, error, more }: Taken): void {
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
      reader.failed(error);
    } else if (more) {
      void this.#more(peer);
    } else {
      reader.ended();
    }
  }

  fail(error: unknown): void {
    this.#reader.failed(error);
  }

  async #more(peer: Peer): Promise<void> {
    const { timeout } = this.#call;
    const packet = { next: this.#id, wait: Math.ceil(timeout / 2) };
    try {
      const reply = await ask(this.#channel, peer, packet, this.#call, timeout);
      const answer = answerOf(peer, reply);
      if ('none' in answer) {
        throw new MicroserviceError('STREAM_LOST', streamLost(peer.id));
      }
      this.take(peer, answer);
    } catch (error) {
      this.fail(error);
    }
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

/**
 * A peer with the same id after a restart does not count from the same number. It is below 2³¹ for a billion
 * requests: V8 writes and reads larger numbers several times as slowly.
 */
let lastId = Math.floor(Math.random() * 2 ** 30);

/** Of this process, for all clients: a peer sees one sender. */
function nextId(): number {
  lastId += 1;
  return lastId;
}
