import type { AddressInfo } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import {
  PeerDirectory,
  type Member,
  type MembershipCore,
} from '../membership/index.js';
import {
  BAD_HEAD,
  bodyFault,
  headOf,
  MessageRouter,
  replyText,
  StreamAcceptor,
  StreamRefusedError,
  type MessageOutcome,
  type OpenSocket,
  type StreamDialer,
} from '../messaging/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import type { PeerTransport } from '../transport/peer-transport.interface.js';
import { TransportError } from '../transport/transport.error.js';
import type { PeerAddress } from '../wire/bodies.js';
import type { JsonValue } from '../wire/json.js';
import { coreReceiver } from './network/core-receiver.js';
import type { InMemoryNetwork } from './network/in-memory-network.js';
import {
  InMemoryProcess,
  type InMemoryOrigin,
} from './network/in-memory-process.js';
import { InMemorySocket } from './network/in-memory-socket.js';

const NOTHING = Buffer.alloc(0);

/** The status of a peer that takes no streams. */
const STREAMS_OFF = 404;

/** What an app answers with. */
interface Services {
  core: MembershipCore;
  options: ResolvedPeerCloudOptions;
  router: MessageRouter;
  directory: PeerDirectory;
  acceptor: StreamAcceptor;
}

/** Who listens on the network, by IP. */
export type InMemoryPeers = Map<string, InMemoryPeer>;

/** The network side of one app, in memory: its way out, and what answers the others. */
export class InMemoryPeer {
  readonly process: InMemoryProcess;
  readonly transport: PeerTransport;
  readonly #sockets = new Set<InMemorySocket>();
  #services!: Services;

  readonly #network: InMemoryNetwork;
  readonly #peers: InMemoryPeers;

  constructor(
    network: InMemoryNetwork,
    address: PeerAddress,
    peers: InMemoryPeers,
  ) {
    this.#network = network;
    this.#peers = peers;
    const receive = coreReceiver<Member>(() => this.#services.core);
    this.process = new InMemoryProcess(network, {
      ...address,
      senderId: () => this.#services.core.id,
      handler: (endpoint, body, origin) =>
        endpoint === 'message'
          ? this.#receiveMessage(body, origin)
          : receive(endpoint, body, origin),
    });
    this.transport = {
      request: (...request) =>
        this.process.clock.isDead
          ? Promise.reject(
              new TransportError('UNREACHABLE', 'this app has been killed'),
            )
          : this.process.transport.request(...request),
    };
  }

  /** Knows the app from now on; before that nothing is asked of it. */
  attach(app: INestApplicationContext): void {
    const get = { strict: false };
    this.#services = {
      core: app.get<MembershipCore>(MEMBERSHIP_CORE, get),
      options: app.get<ResolvedPeerCloudOptions>(PEER_CLOUD_OPTIONS, get),
      router: app.get(MessageRouter, get),
      directory: app.get(PeerDirectory, get),
      acceptor: app.get(StreamAcceptor, get),
    };
  }

  get core(): MembershipCore {
    return this.#services.core;
  }

  /** Whether others reach it. */
  get isListening(): boolean {
    return this.#peers.get(this.process.ip) === this;
  }

  /** Others reach it from now on. */
  listen(): AddressInfo {
    const { ip, port } = this.process;
    this.#network.listen(this.process);
    this.#peers.set(ip, this);
    return { address: ip, port, family: 'IPv4' };
  }

  /** Connections to it are refused from now on. */
  close(): void {
    if (this.isListening) {
      this.#peers.delete(this.process.ip);
      this.#network.ended(this.process, 'refusing');
    }
  }

  /** It is gone from one moment to the next, as a process that is killed. */
  crash(): void {
    this.#peers.delete(this.process.ip);
    this.breakStreams();
    this.process.crash();
    this.core.stop();
  }

  breakStreams(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  /** Opens a stream to a member, without a handshake: who sends on this network is who it says. */
  readonly dial: StreamDialer = (member, timeout) =>
    new Promise((resolve, reject) => {
      const { clock, ip } = this.process;
      const refuse = (status?: number, unreachable = false) => {
        const error = new StreamRefusedError(status, unreachable);
        error.isOff = status === STREAMS_OFF;
        reject(error);
      };
      if (clock.isDead) {
        refuse(undefined, true);
        return;
      }
      let isConnected = false;
      let isLate = false;
      const timer = clock.setTimeout(() => {
        isLate = true;
        refuse(undefined, !isConnected);
      }, timeout);
      const answer = (settle: () => void) =>
        this.#network.transmit(member.ip, ip, ip, () =>
          clock.whenAwake(() => {
            clock.clearTimeout(timer);
            settle();
          }),
        );
      this.#network.transmit(ip, member.ip, ip, () => {
        isConnected = true;
        const other = this.#peers.get(member.ip);
        if (!other) {
          answer(() => refuse(undefined, true));
          return;
        }
        other.process.clock.whenAwake(
          () =>
            void other.#accept(this).then(
              (opened) =>
                answer(() =>
                  isLate ? opened.socket.destroy() : resolve(opened),
                ),
              (status: number) => answer(() => refuse(status)),
            ),
        );
      });
    });

  /** Rejects with the status of a refusal. */
  async #accept(opener: InMemoryPeer): Promise<OpenSocket> {
    const { acceptor, core } = this.#services;
    const sender = await core.admit(opener.core.id);
    const refusal = sender ? acceptor.refusal : 403;
    if (refusal || !sender) {
      throw refusal;
    }
    const theirs = opener.#socket();
    const ours = this.#socket(theirs);
    acceptor.accept(sender, openSocket(ours));
    return openSocket(theirs);
  }

  #socket(other?: InMemorySocket): InMemorySocket {
    const socket = new InMemorySocket(this.#network, this.process, other);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  /** As `/message` is answered over HTTP. */
  async #receiveMessage(
    body: JsonValue,
    { senderId, headers = {} }: InMemoryOrigin,
  ): Promise<{ status: number; body: JsonValue }> {
    const { core, options, router, directory } = this.#services;
    const sender = await core.admit(senderId);
    if (!sender) {
      return UNKNOWN_SENDER;
    }
    const { maxMessageBytes: maxBytes, limits } = options;
    const head = headOf(headers);
    const outcome: MessageOutcome =
      bodyFault(body, { maxBytes, maxDepth: limits.maxJsonDepth }, true) ??
      (head === 'invalid'
        ? BAD_HEAD
        : await router.dispatch(body, directory.of(sender), head));
    const { status, json } = replyText(outcome);
    return { status, body: JSON.parse(json) as JsonValue };
  }
}

const UNKNOWN_SENDER = {
  status: 403,
  body: {
    statusCode: 403,
    error: 'Forbidden',
    message: 'the sender is no member',
    code: 'UNKNOWN_SENDER',
  },
};

function openSocket(socket: InMemorySocket): OpenSocket {
  return {
    socket: socket as unknown as OpenSocket['socket'],
    head: NOTHING,
    codec: undefined,
  };
}
