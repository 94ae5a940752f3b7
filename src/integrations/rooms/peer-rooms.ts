import {
  BadRequestException,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type MessageEvent,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable, Subject, takeUntil } from 'rxjs';
import {
  MembershipService,
  MessagingService,
  OptionsError,
  PeerCloudError,
  UnreachableError,
  type JsonValue,
  type Peer,
  type PeerChannel,
} from '../../index.js';
import { RoomList, type Occupant, type RoomEvent } from './room-list.js';
import {
  garbage,
  noClient,
  noPeerCloud,
  notDelivered,
  tooSlow,
} from './rooms.messages.js';

const CHANNEL = 'rooms';

/** Bytes that one client may leave unread; then its connection is ended. */
const MAX_UNREAD = 16 * 2 ** 20;

/** Ms that an event may take to reach a peer: one that is busy shall not miss it. Nobody waits for that. */
const PATIENCE = 15_000;

/** `readyState` of a WebSocket that is open. */
const OPEN = 1;

/** A client of a gateway with Nest's WsAdapter: a WebSocket of `ws`. */
export interface WsClient {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** All clients in a room, at whichever replica. */
export interface RoomTarget {
  /**
   * Sends them an event, and waits for nothing: `{ "event": …, "data": … }` to WebSocket clients, as Nest's
   * WsAdapter does; to others a server-sent event of that type.
   *
   * @param data what JSON can carry
   * @throws MessageError (`INVALID_BODY`) for what it cannot
   */
  emit(event: string, data?: unknown): void;
}

type Message = { room: string; event: string; data: JsonValue };

/** Rooms over all replicas, for clients of plain `ws` gateways and of `@Sse()` methods. */
@Injectable()
export class PeerRooms implements OnModuleInit, BeforeApplicationShutdown {
  readonly #logger = new Logger('PeerRooms');
  readonly #list = new RoomList();
  readonly #clients = new WeakMap<WsClient, Occupant>();
  readonly #modules: ModuleRef;
  /** There from `onModuleInit()` on; the others are told of nothing before. */
  #channel: PeerChannel | undefined;
  readonly #ends = new Subject<void>();
  /** Peers whose nonsense has been told of. */
  readonly #senseless = new Set<string>();

  constructor(modules: ModuleRef) {
    this.#modules = modules;
  }

  /** @throws PeerCloudError (`NO_PEER_CLOUD`) */
  onModuleInit(): void {
    const { messaging, membership } = servicesOf(this.#modules);
    this.#channel = messaging.channel(CHANNEL);
    this.#channel.handle((body, sender) => this.#receive(body, sender));
    membership.events$.subscribe((event) => {
      if (event.type === 'peer.left') {
        this.#senseless.delete(event.peer.id);
      }
    });
  }

  /**
   * Puts a client of a `ws` gateway into a room. It leaves all rooms when its connection closes.
   *
   * @throws OptionsError for what is no client, and for a room that is no text
   */
  join(client: WsClient, room: string): void {
    const occupant = this.#clients.get(client) ?? this.#enter(client);
    checkRoom(room);
    if (client.readyState === OPEN) {
      this.#list.add(occupant, room);
    }
  }

  /** Takes a client out of a room. */
  leave(client: WsClient, room: string): void {
    const occupant = this.#clients.get(client);
    if (occupant) {
      this.#list.remove(occupant, room);
    }
  }

  /**
   * What an `@Sse()` method returns: the events of rooms, in which the client is until its connection closes.
   *
   * @throws OptionsError for a room that is no text
   */
  stream(...rooms: string[]): Observable<MessageEvent> {
    rooms.forEach(checkRoom);
    const events = new Observable<MessageEvent>((client) => {
      const occupant: Occupant = {
        deliver: ({ event, data }) =>
          client.next({ type: event, data: sseData(data) }),
      };
      rooms.forEach((room) => this.#list.add(occupant, room));
      return () => this.#list.removeAll(occupant);
    });
    return events.pipe(takeUntil(this.#ends));
  }

  /**
   * All clients in a room, at whichever replica.
   *
   * @throws OptionsError for a room that is no text
   */
  to(room: string): RoomTarget {
    checkRoom(room);
    return {
      emit: (event, data = null) => this.#emit({ room, event, data }),
    };
  }

  /**
   * How many clients are in a room, at all replicas together. Those of a peer that is gone, or that does not
   * answer within the option `messageTimeout`, do not count.
   *
   * @throws OptionsError for a room that is no text
   */
  async count(room: string): Promise<number> {
    checkRoom(room);
    const body = { count: room };
    const results = await this.#channel?.broadcast<{ count: number }>(body);
    const counts = (results ?? []).map(({ value }) => value?.count);
    return counts.reduce<number>(
      (sum, count) => sum + (Number.isSafeInteger(count) ? count! : 0),
      this.#list.count(room),
    );
  }

  /** Server-sent events have no end of their own, for which the server would wait. */
  beforeApplicationShutdown(): void {
    this.#ends.next();
  }

  #enter(client: WsClient): Occupant {
    if (typeof client?.send !== 'function' || !client.once) {
      throw new OptionsError('client', client, noClient);
    }
    const occupant: Occupant = {
      deliver: (_event, text) => this.#send(client, text()),
    };
    this.#clients.set(client, occupant);
    client.once('close', () => this.#list.removeAll(occupant));
    return occupant;
  }

  #send(client: WsClient, text: string): void {
    if (client.readyState !== OPEN) {
      return;
    }
    if (client.bufferedAmount > MAX_UNREAD) {
      this.#logger.warn(tooSlow(client.bufferedAmount));
      client.terminate();
      return;
    }
    client.send(text);
  }

  #emit(message: { room: string } & RoomEvent): void {
    const results = this.#channel?.broadcast(message, {
      timeout: PATIENCE,
    });
    this.#list.deliver(message.room, {
      event: message.event,
      data: message.data,
    });
    void results?.then((all) => {
      for (const { peer, error } of all) {
        // Who cannot be reached is gone, or will be found to be: membership says so.
        if (error && !(error instanceof UnreachableError)) {
          const { room } = message;
          this.#logger.warn(notDelivered(room, peer.id, error.message));
        }
      }
    });
  }

  #receive(body: JsonValue, { id }: Peer): object | undefined {
    if (isCount(body)) {
      return { count: this.#list.count(body.count) };
    }
    if (isMessage(body)) {
      const { room, event, data } = body;
      this.#list.deliver(room, { event, data });
      return undefined;
    }
    if (!this.#senseless.has(id)) {
      this.#senseless.add(id);
      this.#logger.warn(garbage(id));
    }
    throw new BadRequestException('no message for rooms');
  }
}

function servicesOf(modules: ModuleRef) {
  try {
    return {
      messaging: modules.get(MessagingService, { strict: false }),
      membership: modules.get(MembershipService, { strict: false }),
    };
  } catch {
    throw new PeerCloudError('NO_PEER_CLOUD', noPeerCloud);
  }
}

function checkRoom(room: string): void {
  if (typeof room !== 'string') {
    throw new OptionsError('room', room, 'must be a text');
  }
}

/** Texts as they are, and all else as JSON, as Nest does with objects. */
function sseData(data: unknown): string | object {
  return typeof data === 'string' || (typeof data === 'object' && data)
    ? data
    : JSON.stringify(data);
}

function isCount(body: JsonValue): body is { count: string } {
  return (
    typeof body === 'object' &&
    body !== null &&
    'count' in body &&
    typeof body.count === 'string'
  );
}

function isMessage(body: JsonValue): body is Message {
  return (
    typeof body === 'object' &&
    body !== null &&
    'room' in body &&
    typeof body.room === 'string' &&
    typeof body.event === 'string' &&
    body.data !== undefined
  );
}
