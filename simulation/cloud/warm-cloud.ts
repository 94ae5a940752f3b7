import type { PeerAnswer } from '../../src/transport/peer-transport.interface.js';
import type { JsonObject } from '../../src/wire/json.js';
import type { CloudOptions } from './cloud.options.js';
import { SimulatedCloud } from './simulated-cloud.js';
import type { SimulatedPeer } from './simulated-peer.js';

/** Seeds of each peer. */
const SEEDS = 3;

/** Virtual ms in which all joins have been answered. */
const JOINING = 5000;

/** Virtual ms that a warm cloud is given to come to rest. */
const REST = 15_000;

/**
 * A cloud of `count` peers that know each other, as it is long after its last change. Their joins are
 * answered with the whole list by the simulator: letting thousands join one another tells nothing
 * about a cloud at rest and takes long. From then on everything is the cores' own doing.
 */
export async function warmCloud(
  options: CloudOptions,
  count: number,
): Promise<SimulatedCloud> {
  const cloud = new SimulatedCloud(options);
  const { loss } = cloud.network;
  cloud.network.loss = 0;
  for (let index = 0; index < count; index++) {
    cloud.add({ seeds: seedsOf(index, count, cloud) });
  }
  const answers = new JoinAnswers(cloud);
  cloud.intercept = (peer, endpoint, joinerId) =>
    endpoint === 'join' ? answers.to(joinerId, peer) : undefined;
  for (const peer of cloud.peers) {
    peer.start();
  }
  await cloud.clock.run(JOINING);
  cloud.intercept = () => undefined;
  cloud.network.loss = loss;
  await cloud.clock.run(REST);
  return cloud;
}

/** Writes what a peer would answer that already knows everybody. */
class JoinAnswers {
  #entries: { id: string; info: JsonObject }[] | undefined;

  readonly #cloud: SimulatedCloud;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
  }

  to(joinerId: string | undefined, receiver: SimulatedPeer): PeerAnswer {
    this.#entries ??= this.#cloud.peers.map((peer) => ({
      id: peer.id,
      info: infoOf(peer),
    }));
    const joiner = this.#entries.find(({ id }) => id === joinerId);
    if (!joiner) {
      return { status: 400, body: undefined };
    }
    return {
      status: 200,
      body: {
        status: 'joined',
        id: joiner.id,
        ip: joiner.info['ip']!,
        port: joiner.info['port']!,
        self: infoOf(receiver),
        peers: this.#entries
          .filter(({ id }) => id !== joiner.id && id !== receiver.id)
          .map(({ info }) => info),
      },
    };
  }
}

function infoOf(peer: SimulatedPeer): JsonObject {
  const { id, data, features, incarnation } = peer.core.self;
  const { ip, port } = peer;
  return { id, ip, port, data, features: [...features], incarnation };
}

/** Neighbours in the order of addresses: never the peer itself. */
function seedsOf(index: number, count: number, cloud: SimulatedCloud) {
  return Array.from({ length: Math.min(SEEDS, count - 1) }, (_, step) =>
    cloud.addressOf((index + step + 1) % count),
  );
}
