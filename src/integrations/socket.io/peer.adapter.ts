import { Adapter, type BroadcastOptions, type Room } from 'socket.io-adapter';
import { Logger } from '@nestjs/common';
import { OptionsError } from '../../index.js';
import {
  SocketCloud,
  type CloudServices,
  type Given,
  type NamespaceAdapter,
  type Order,
  type ServiceSource,
} from './socket-cloud.js';
import { noRecovery } from './socket-io.messages.js';

/** Ms that questions without a timeout of their own wait, as in Socket.IO. */
const DEFAULT_TIMEOUT = 5_000;

/** What of a namespace of Socket.IO is used here. */
interface Namespace {
  readonly name: string;
  readonly server: { opts: { connectionStateRecovery?: unknown } };
  _onServerSideEmit(args: unknown[]): void;
}

/** A socket, as `fetchSockets()` tells of it. */
interface FetchedSocket {
  id: string;
  handshake: object;
  rooms: Set<Room>;
  data: unknown;
}

/** What a Socket.IO server in a cloud can be given. */
export interface PeerAdapterOptions {
  /**
   * Tells the Socket.IO servers of one app apart, where there are several; the same name at all replicas.
   * Default: none, for the first.
   */
  name?: string | undefined;
}

/**
 * The adapter of one namespace: what is done here is done by its counterparts at all other peers too, in
 * the same order.
 */
export class PeerAdapter extends Adapter implements NamespaceAdapter {
  declare readonly nsp: Namespace;
  readonly #cloud: SocketCloud;

  /** @internal */
  constructor(
    nsp: unknown,
    cloud: SocketCloud,
    /** Name of the Socket.IO server in its app. */
    readonly server: string,
  ) {
    super(nsp);
    this.#cloud = cloud;
    cloud.add(this);
  }

  override close(): void {
    this.#cloud.remove(this);
  }

  /** Members of the cloud that have a Socket.IO adapter, oneself included; the dead do not count. */
  override serverCount(): Promise<number> {
    return Promise.resolve(this.#cloud.serverCount);
  }

  override broadcast(packet: unknown, opts: BroadcastOptions): void {
    this.#publish('emit', opts, { packet });
    super.broadcast(packet, opts);
  }

  override broadcastWithAck(
    packet: unknown,
    opts: BroadcastOptions,
    clientCountCallback: (clientCount: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    if (!opts.flags?.local) {
      const data = { packet, ...encode(opts) };
      this.#cloud.ask(this, 'emit', data, opts.flags?.timeout ?? 0, {
        onValue: (value) => ack(value),
        // Late: a peer that dies meanwhile has as many clients as have answered.
        onPeerDone: clientCountCallback,
        onDone: () => undefined,
      });
    }
    super.broadcastWithAck(packet, opts, clientCountCallback, ack);
  }

  override addSockets(opts: BroadcastOptions, rooms: Room[]): void {
    this.#publish('join', opts, { to: rooms });
    super.addSockets(opts, rooms);
  }

  override delSockets(opts: BroadcastOptions, rooms: Room[]): void {
    this.#publish('leave', opts, { to: rooms });
    super.delSockets(opts, rooms);
  }

  override disconnectSockets(opts: BroadcastOptions, close: boolean): void {
    this.#publish('disconnect', opts, { close });
    super.disconnectSockets(opts, close);
  }

  /**
   * The sockets of all peers. A peer that is gone has none.
   *
   * @throws Error if a peer does not answer within the timeout (5 s unless `timeout()` says otherwise)
   */
  override async fetchSockets(opts: BroadcastOptions): Promise<unknown[]> {
    const sockets: unknown[] = await super.fetchSockets(opts);
    if (opts.flags?.local) {
      return sockets;
    }
    const { timeout = DEFAULT_TIMEOUT } = opts.flags ?? {};
    return new Promise((resolve, reject) => {
      this.#cloud.ask(this, 'fetch', encode(opts), timeout, {
        onValue: (socket) => sockets.push(socket),
        onDone: () => resolve(sockets),
        onTimeout: (missing) => reject(timedOut(missing)),
      });
    });
  }

  override serverSideEmit(packet: unknown[]): void {
    const last = packet.at(-1);
    if (typeof last !== 'function') {
      this.#cloud.publish(this, 'event', { args: packet });
      return;
    }
    const ack = last as (error: Error | null, values: unknown[]) => void;
    const values: unknown[] = [];
    const data = { args: packet.slice(0, -1) };
    this.#cloud.ask(this, 'event', data, DEFAULT_TIMEOUT, {
      onValue: (value) => values.push(value),
      onDone: () => ack(null, values),
      onTimeout: (missing) => ack(timedOut(missing), values),
    });
  }

  /**
   * Does what another peer's adapter does, here.
   *
   * @internal
   * @throws whatever Socket.IO throws for data that makes no sense, and listeners of `serverSideEmit()`
   */
  carryOut({ work, data, give }: Order): Given | Promise<Given> | undefined {
    if (work === 'event') {
      return this.#hear(data.args as unknown[], give);
    }
    const opts = decode(data);
    switch (work) {
      case 'emit':
        return this.#emit(data.packet, opts, give);
      case 'fetch':
        return this.#fetch(opts);
      case 'join':
        super.addSockets(opts, data.to as Room[]);
        return undefined;
      case 'leave':
        super.delSockets(opts, data.to as Room[]);
        return undefined;
      case 'disconnect':
        super.disconnectSockets(opts, data.close as boolean);
        return undefined;
    }
  }

  #emit(
    packet: unknown,
    opts: BroadcastOptions,
    give: Order['give'],
  ): Given | undefined {
    if (!give) {
      super.broadcast(packet, opts);
      return undefined;
    }
    let of = 0;
    super.broadcastWithAck(
      packet,
      opts,
      (count) => (of = count),
      (value) => give(value, of),
    );
    return { of };
  }

  async #fetch(opts: BroadcastOptions): Promise<Given> {
    const sockets = (await super.fetchSockets(opts)) as FetchedSocket[];
    const values = sockets.map(({ id, handshake, rooms, data }) => ({
      id,
      // A session store may refer to itself.
      handshake:
        'sessionStore' in handshake
          ? { ...handshake, sessionStore: undefined }
          : handshake,
      rooms: [...rooms],
      data,
    }));
    return { of: values.length, values };
  }

  #hear(args: unknown[], give: Order['give']): Given | undefined {
    if (!give) {
      this.nsp._onServerSideEmit(args);
      return undefined;
    }
    let given = false;
    this.nsp._onServerSideEmit([
      ...args,
      (value: unknown) => {
        if (!given) {
          given = true;
          give(value, 1);
        }
      },
    ]);
    return { of: 1 };
  }

  #publish(
    work: Order['work'],
    opts: BroadcastOptions,
    data: Record<string, unknown>,
  ): void {
    if (!opts.flags?.local) {
      this.#cloud.publish(this, work, { ...data, ...encode(opts) });
    }
  }
}

/**
 * Makes the adapter of a Socket.IO server whose app is a peer:
 *
 * ```ts
 * const io = new Server(httpServer);
 * io.adapter(createPeerAdapter(app));
 * ```
 *
 * @param app the Nest application that imports PeerCloudModule, or its two services
 * @throws SocketIoError (`NO_PEER_CLOUD`), OptionsError
 */
export function createPeerAdapter(
  app: ServiceSource | CloudServices,
  { name = '' }: PeerAdapterOptions = {},
): typeof Adapter {
  if (typeof name !== 'string') {
    throw new OptionsError('name', name, 'must be a text');
  }
  const cloud = SocketCloud.of(app);
  return class extends PeerAdapter {
    constructor(nsp: unknown) {
      super(nsp, cloud, name);
      if (
        this.nsp.name === '/' &&
        this.nsp.server.opts.connectionStateRecovery
      ) {
        new Logger('PeerSockets').warn(noRecovery);
      }
    }
  };
}

function encode({ rooms, except, flags }: BroadcastOptions) {
  return {
    rooms: [...rooms],
    except: [...(except ?? [])],
    volatile: flags?.volatile,
    compress: flags?.compress,
  };
}

/** @throws TypeError for what encode() did not write */
function decode(data: Record<string, unknown>): BroadcastOptions {
  const { rooms, except, volatile, compress } = data;
  if (!Array.isArray(rooms) || !Array.isArray(except)) {
    throw new TypeError('rooms and except are lists');
  }
  return {
    rooms: new Set(rooms as Room[]),
    except: new Set(except as Room[]),
    flags: {
      local: true,
      ...(volatile === true && { volatile }),
      ...(typeof compress === 'boolean' && { compress }),
    },
  };
}

function timedOut(missing: number): Error {
  return new Error(`timeout reached: missing ${missing} responses`);
}
