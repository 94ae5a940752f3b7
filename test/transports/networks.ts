import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { PeerCloudOptions } from '../../src/index.js';
import { natsTransport } from '../../src/integrations/nats/index.js';
import { systemClock } from '../../src/membership/core/index.js';
import type { MembershipCore } from '../../src/membership/core/membership-core.js';
import {
  MEMBERSHIP_CORE,
  PEER_LINK,
} from '../../src/options/peer-cloud.tokens.js';
import {
  InMemoryPeer,
  type InMemoryPeers,
} from '../../src/testing/in-memory-peer.js';
import { InMemoryNetwork } from '../../src/testing/network/in-memory-network.js';
import type { TransportLink } from '../../src/transport/link/index.js';
import {
  cutOff,
  startPeer,
  type PeerApp,
} from '../e2e/module/support/peer-app.js';
import { NATS, type Service } from '../support/services.js';

/** A network on which apps can be peers, of one cloud. */
export interface TestNetwork {
  /** Starts an app of the cloud. */
  start(
    options: PeerCloudOptions,
    providers: NonNullable<Parameters<typeof startPeer>[0]>['providers'],
  ): Promise<PeerApp>;
  /** It is gone, as a process that is killed. */
  kill(peer: PeerApp): Promise<void>;
}

/** The networks, and what each of them needs. A new transport is one more. */
export const NETWORKS: readonly [
  string,
  readonly Service[],
  () => TestNetwork,
][] = [
  ['HTTP', [], () => new HttpNetwork()],
  ['memory', [], () => new MemoryNetwork()],
  ['NATS', [NATS], () => new NatsNetwork()],
];

class HttpNetwork implements TestNetwork {
  #seeds: string[] = [];
  readonly #sockets = new Map<PeerApp, Set<Socket>>();

  async start(
    options: PeerCloudOptions,
    providers: Parameters<TestNetwork['start']>[1],
  ): Promise<PeerApp> {
    const sockets = new Set<Socket>();
    const peer = await startPeer({
      options: { ...options, peers: this.#seeds },
      providers,
      onServer: (server) =>
        server.on('connection', (socket) => sockets.add(socket)),
    });
    this.#sockets.set(peer, sockets);
    this.#seeds = [peer.address, ...this.#seeds];
    return peer;
  }

  kill(peer: PeerApp): Promise<void> {
    cutOff(peer);
    this.#sockets.get(peer)?.forEach((socket) => socket.destroy());
    return Promise.resolve();
  }
}

abstract class LinkNetwork implements TestNetwork {
  start(
    options: PeerCloudOptions,
    providers: Parameters<TestNetwork['start']>[1],
  ): Promise<PeerApp> {
    return startPeer({
      options: { ...options, ...this.place() },
      providers,
      place: 'transport',
    });
  }

  async kill({ app }: PeerApp): Promise<void> {
    app.get<MembershipCore>(MEMBERSHIP_CORE, { strict: false }).stop();
    const link = app.get<TransportLink>(PEER_LINK, { strict: false });
    link.cutOff();
    await link.close();
  }

  protected abstract place(): PeerCloudOptions;
}

class NatsNetwork extends LinkNetwork {
  readonly #cloud = randomUUID();

  protected place(): PeerCloudOptions {
    return { cloud: this.#cloud, transport: natsTransport() };
  }
}

class MemoryNetwork extends LinkNetwork {
  readonly #network = new InMemoryNetwork({ clock: systemClock });
  readonly #peers: InMemoryPeers = new Map();
  readonly #addresses: { ip: string; port: number }[] = [];

  protected place(): PeerCloudOptions {
    const address = { ip: `10.0.0.${this.#addresses.length + 1}`, port: 9338 };
    const peers = [...this.#addresses];
    this.#addresses.push(address);
    const peer = new InMemoryPeer(this.#network, address, this.#peers);
    return { transport: peer.asTransport, peers };
  }
}
