import type { InMemoryNetwork } from '../../../testing/network/in-memory-network.js';
import type { InMemoryProcess } from '../../../testing/network/in-memory-process.js';
import type { SeededRandom } from '../../../testing/network/seeded-random.js';
import type { PeerAnswer } from '../../../transport/peer-transport.interface.js';
import type { Endpoint } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerAddress } from '../../../wire/bodies.js';

/** Ms for every request of the original, and between two of its checks. */
const TIMEOUT = 1000;
const CHECK_INTERVAL = 5000;

/**
 * A peer with the habits of the original implementation: it believes what it is told, adds a member as
 * often as it is told of it, throws a member out after one missed check and tells everybody, and does
 * not answer strangers.
 */
export class LegacyPeer {
  readonly process: InMemoryProcess;
  peers: JsonObject[] = [];

  readonly #random: SeededRandom;

  constructor(
    network: InMemoryNetwork,
    readonly id: string,
    readonly address: PeerAddress,
    random: SeededRandom,
    checks: boolean,
    onRequest: (
      from: string | undefined,
      endpoint: Endpoint,
      body: JsonObject,
    ) => void,
  ) {
    this.#random = random;
    this.process = network.start({
      ...address,
      senderId: () => this.id,
      handler: (endpoint, body, { senderId, remoteAddress }) => {
        onRequest(senderId, endpoint, body as JsonObject);
        return this.#answer(
          endpoint,
          body as JsonObject,
          senderId,
          remoteAddress,
        );
      },
    });
    if (checks) {
      this.#schedule();
    }
  }

  /** Ids on its list, sorted, with whatever it lists twice. */
  get ids(): string[] {
    return this.peers.map(({ id }) => id as string).sort();
  }

  async join(target: PeerAddress): Promise<boolean> {
    const { port } = this.address;
    const answer = await this.#send(target, 'join', {
      id: this.id,
      ip: null,
      port,
      data: {},
    });
    if (answer?.status !== 'joined' || !isJsonObject(answer.self)) {
      return false;
    }
    this.peers = answer.peers as JsonObject[];
    this.peers.push({ ...answer.self, ip: target.ip, port: target.port });
    return true;
  }

  /** Throws a member out and tells everybody else, as after a missed check. */
  evict(id: string): void {
    this.peers = this.peers.filter((peer) => peer.id !== id);
    for (const peer of this.peers) {
      void this.#send(addressOf(peer), 'left', { id });
    }
  }

  async check(): Promise<void> {
    const peer =
      this.peers[Math.floor(this.#random.next() * this.peers.length)];
    if (!peer) {
      return;
    }
    const answer = await this.#send(addressOf(peer), 'status', {});
    if (answer?.id !== peer.id) {
      this.evict(peer.id as string);
    }
  }

  async #answer(
    endpoint: Endpoint,
    body: JsonObject,
    senderId: string | undefined,
    remoteAddress: string,
  ): Promise<PeerAnswer> {
    if (endpoint === 'status') {
      return ok({
        id: this.id,
        online: true,
        listening: true,
        joined: this.peers.length > 0,
      });
    }
    if (endpoint === 'join') {
      return this.#letIn(body, remoteAddress);
    }
    const known = this.peers.some(({ id }) => id === senderId);
    if (!known || (endpoint !== 'joined' && endpoint !== 'left')) {
      return { status: 404, body: undefined };
    }
    if (endpoint === 'joined') {
      this.peers.push(body);
    } else {
      this.peers = this.peers.filter(({ id }) => id !== body.id);
    }
    return ok({ status: endpoint === 'joined' ? 'added' : 'removed' });
  }

  async #letIn(body: JsonObject, remoteAddress: string): Promise<PeerAnswer> {
    if (this.peers.some(({ id }) => id === body.id)) {
      return { status: 500, body: undefined };
    }
    const others = [...this.peers];
    const newcomer = {
      id: body.id!,
      ip: body.ip ?? remoteAddress,
      port: body.port ?? 9338,
      data: body.data ?? {},
    };
    const status = await this.#send(addressOf(newcomer), 'status', {});
    if (status?.id !== body.id) {
      return { status: 500, body: undefined };
    }
    for (const peer of this.peers) {
      void this.#send(addressOf(peer), 'joined', newcomer);
    }
    this.peers.push(newcomer);
    const { id, ip, port } = newcomer;
    return ok({
      status: 'joined',
      id,
      ip,
      port,
      self: { id: this.id, data: {} },
      peers: others,
    });
  }

  async #send(
    target: PeerAddress,
    endpoint: Endpoint,
    body: JsonObject,
  ): Promise<JsonObject | undefined> {
    try {
      const answer = await this.process.transport.request(
        target,
        endpoint,
        body,
        { timeout: TIMEOUT },
      );
      return answer.status === 200 ? (answer.body as JsonObject) : undefined;
    } catch {
      return undefined;
    }
  }

  #schedule(): void {
    this.process.clock.setTimeout(() => {
      void this.check();
      this.#schedule();
    }, CHECK_INTERVAL);
  }
}

function addressOf({ ip, port }: JsonObject): PeerAddress {
  return { ip: ip as string, port: port as number };
}

function ok(body: JsonObject): PeerAnswer {
  return { status: 200, body };
}
