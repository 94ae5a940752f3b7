import type { INestApplicationContext } from '@nestjs/common';
import type { MembershipCore } from '../membership/index.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type {
  CloudTransport,
  TransportAnswer,
  TransportCallOptions,
  TransportConnection,
  TransportHeaders,
  TransportLink,
  TransportReceiver,
  TransportRequest,
} from '../transport/link/index.js';
import { TransportError } from '../transport/transport.error.js';
import type { PeerAddress } from '../wire/bodies.js';
import type { Endpoint } from '../wire/endpoints.js';
import type { JsonValue } from '../wire/json.js';
import type { InMemoryNetwork } from './network/in-memory-network.js';
import {
  type InMemoryAnswer,
  type InMemoryOrigin,
  InMemoryProcess,
} from './network/in-memory-process.js';
import { InMemorySocket } from './network/in-memory-socket.js';

/** Who listens on the network, by IP. */
export type InMemoryPeers = Map<string, InMemoryPeer>;

/** The network side of one app, in memory: its way out, and what answers the others. */
export class InMemoryPeer implements TransportLink {
  readonly process: InMemoryProcess;
  readonly #sockets = new Set<InMemorySocket>();
  #core!: MembershipCore;
  #receiver!: TransportReceiver;

  readonly #network: InMemoryNetwork;
  readonly #peers: InMemoryPeers;

  constructor(
    network: InMemoryNetwork,
    readonly address: PeerAddress,
    peers: InMemoryPeers,
  ) {
    this.#network = network;
    this.#peers = peers;
    this.process = new InMemoryProcess(network, {
      ...address,
      senderId: () => undefined,
      handler: (endpoint, body, origin) =>
        this.#receive(endpoint, body, origin),
    });
  }

  /** As the option `transport` of its app. */
  get asTransport(): CloudTransport {
    return { name: 'memory', create: () => this };
  }

  /** Knows the app from now on. */
  attach(app: INestApplicationContext): void {
    this.#core = app.get<MembershipCore>(MEMBERSHIP_CORE, { strict: false });
  }

  get core(): MembershipCore {
    return this.#core;
  }

  /** Whether others reach it. */
  get isListening(): boolean {
    return this.#peers.get(this.process.ip) === this;
  }

  /** Others reach it from now on. */
  open(receiver: TransportReceiver): Promise<void> {
    this.#receiver = receiver;
    this.#network.listen(this.process);
    this.#peers.set(this.process.ip, this);
    return Promise.resolve();
  }

  /** Connections to it are refused from now on. */
  close(): Promise<void> {
    if (this.isListening) {
      this.#peers.delete(this.process.ip);
      this.#network.ended(this.process, 'refusing');
    }
    return Promise.resolve();
  }

  /** It is gone from one moment to the next, as a process that is killed. */
  crash(): void {
    this.#peers.delete(this.process.ip);
    this.cutOff();
    this.process.crash();
    this.core.stop();
  }

  /** Breaks all connections. */
  cutOff(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async request(
    target: PeerAddress,
    { path, headers, body }: TransportRequest,
    options: TransportCallOptions,
  ): Promise<TransportAnswer> {
    if (this.process.clock.isDead) {
      throw new TransportError('UNREACHABLE', 'this app has been killed');
    }
    const answer: InMemoryAnswer = await this.process.transport.request(
      target,
      path.slice(1) as Endpoint,
      body.toString(),
      { ...options, headers: { ...headers } },
    );
    return {
      status: answer.status,
      headers: answer.headers ?? {},
      body: Buffer.from((answer.body as string | undefined) ?? ''),
    };
  }

  /** Opens a stream to a member. */
  connect(
    target: PeerAddress,
    headers: TransportHeaders,
    { timeout }: TransportCallOptions,
  ): Promise<TransportConnection> {
    return new Promise((resolve, reject) => {
      const { clock, ip } = this.process;
      const fail = (code: 'REFUSED' | 'UNREACHABLE' | 'TIMEOUT') =>
        reject(new TransportError(code, `${target.ip}: no stream`));
      if (clock.isDead) {
        fail('UNREACHABLE');
        return;
      }
      let isConnected = false;
      let isLate = false;
      const timer = clock.setTimeout(() => {
        isLate = true;
        fail(isConnected ? 'TIMEOUT' : 'UNREACHABLE');
      }, timeout);
      const answer = (settle: () => void) =>
        this.#network.transmit(target.ip, ip, ip, () =>
          clock.whenAwake(() => {
            clock.clearTimeout(timer);
            settle();
          }),
        );
      this.#network.transmit(ip, target.ip, ip, () => {
        isConnected = true;
        const other = this.#peers.get(target.ip);
        if (!other) {
          answer(() => fail('REFUSED'));
          return;
        }
        other.process.clock.whenAwake(
          () =>
            void other.#accept(this, headers).then((connection) =>
              answer(() => {
                if (isLate) {
                  connection.socket?.destroy();
                } else {
                  resolve(connection);
                }
              }),
            ),
        );
      });
    });
  }

  async #accept(
    opener: InMemoryPeer,
    headers: TransportHeaders,
  ): Promise<TransportConnection> {
    const { answer, accept } = await this.#receiver.connect(
      headers,
      opener.process.ip,
    );
    if (!accept) {
      return { answer };
    }
    const theirs = opener.#socket();
    accept(this.#socket(theirs));
    return { answer, socket: theirs };
  }

  #socket(other?: InMemorySocket): InMemorySocket {
    const socket = new InMemorySocket(this.#network, this.process, other);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  async #receive(
    endpoint: Endpoint,
    body: JsonValue,
    { remoteAddress, headers = {} }: InMemoryOrigin,
  ): Promise<InMemoryAnswer> {
    const answer = await this.#receiver.request(
      {
        path: `/${endpoint}`,
        headers,
        body: Buffer.from(body as string),
      },
      remoteAddress,
    );
    return { ...answer, body: answer.body.toString() };
  }
}
