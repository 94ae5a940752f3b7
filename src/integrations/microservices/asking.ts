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
  /** What ends the request where it is at work. */
  readonly cancel: Set<() => void>;
}

/**
 * Brings a packet to the first of these peers that takes it. The next one has its turn only where the packet
 * surely has not been handled.
 *
 * @throws MessageError of the last one, or of the one that may have handled it
 * @throws MicroserviceError (`NO_HANDLER`) where none has the pattern
 */
export async function askOneOf(
  channel: PeerChannel,
  peers: Iterable<Peer>,
  packet: Packet,
  call: Call,
): Promise<{ peer: Peer; answer: Exclude<Answer, { none: true }> }> {
  let failure: unknown;
  for (const peer of peers) {
    const left = call.deadline - performance.now();
    if (left <= 0 && failure !== undefined) {
      break;
    }
    try {
      const answer = await ask(channel, peer, packet, call, Math.max(1, left));
      if (!('none' in answer)) {
        return { peer, answer };
      }
    } catch (error) {
      if (!isUndelivered(error)) {
        throw error;
      }
      failure = error;
    }
  }
  throw failure ?? new MicroserviceError('NO_HANDLER', noHandler(call.pattern));
}

/**
 * Asks one of these peers, and gives the reader all values of its handler.
 *
 * @throws MessageError and MicroserviceError; the handler's own error goes to the reader
 */
export async function request(
  channel: PeerChannel,
  peers: Iterable<Peer>,
  call: Call,
  reader: Reader,
): Promise<void> {
  const id = nextId();
  let at: Peer | undefined;
  const cancel = () => {
    if (at) {
      channel.send(at, { end: id }).catch(() => undefined);
    }
  };
  reader.cancel.add(cancel);
  try {
    const { pattern, data } = call;
    const packet = { send: pattern, data, id };
    const watched = turns(peers, (peer) => {
      at = peer;
      return !reader.isClosed;
    });
    let { peer, answer } = await askOneOf(channel, watched, packet, call);
    for (;;) {
      if (!answer.more) {
        reader.cancel.delete(cancel);
      } else if (reader.isClosed) {
        cancel();
        return;
      }
      for (const value of answer.values) {
        reader.next(value);
        if (reader.isClosed) {
          return;
        }
      }
      if (answer.error !== undefined) {
        reader.error(answer.error);
      }
      if (!answer.more || reader.isClosed) {
        return;
      }
      answer = await more(channel, peer, id, call);
    }
  } finally {
    reader.cancel.delete(cancel);
  }
}

/** The same peers, for as long as a function that is told of each agrees. */
function* turns(
  peers: Iterable<Peer>,
  isTurn: (peer: Peer) => boolean,
): Iterable<Peer> {
  for (const peer of peers) {
    if (!isTurn(peer)) {
      return;
    }
    yield peer;
  }
}

async function more(
  channel: PeerChannel,
  peer: Peer,
  id: number,
  call: Call,
): Promise<Exclude<Answer, { none: true }>> {
  const wait = Math.ceil(call.timeout / 2);
  const packet = { next: id, wait };
  const answer = await ask(channel, peer, packet, call, call.timeout);
  if ('none' in answer) {
    throw new MicroserviceError('STREAM_LOST', streamLost(peer.id));
  }
  return answer;
}

async function ask(
  channel: PeerChannel,
  peer: Peer,
  packet: Packet,
  { metadata }: Call,
  timeout: number,
): Promise<Answer> {
  const reply = await channel.send<JsonObject>(peer, packet, {
    timeout,
    ...(metadata && { metadata }),
  });
  const answer = readAnswer(reply);
  if (!answer) {
    throw new InvalidReplyError(peer.id, 'it is no answer of microservices');
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
