import type { InMemoryNetwork } from '../../../testing/network/in-memory-network.js';
import type { InMemoryProcess } from '../../../testing/network/in-memory-process.js';
import type {
  PeerAnswer,
  PeerTarget,
} from '../../../transport/peer-transport.interface.js';
import type { Endpoint } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type { PeerAddress } from '../../../wire/bodies.js';

/** What a fake answers: a body with 200, a whole answer, or undefined for its default. */
type FakeAnswer = object | undefined | Promise<object | undefined>;

export interface FakePeerOptions {
  ip?: string;
  port?: number;
  /** What it says about itself at `/status`, besides its id. */
  status?: JsonObject;
  answer?: (
    endpoint: Endpoint,
    body: JsonObject,
    senderId: string | undefined,
  ) => FakeAnswer;
}

/** A peer without a mind: it answers what it is told to, `/status` with its id by default. */
export class FakePeer {
  readonly process: InMemoryProcess;

  constructor(
    network: InMemoryNetwork,
    readonly id: string,
    readonly address: PeerAddress,
    readonly options: FakePeerOptions,
    onRequest: (
      from: string | undefined,
      endpoint: Endpoint,
      body: JsonObject,
    ) => void,
  ) {
    this.process = network.start({
      ...address,
      senderId: () => this.id,
      handler: async (endpoint, body, { senderId }) => {
        onRequest(senderId, endpoint, body as JsonObject);
        const own = await options.answer?.(
          endpoint,
          body as JsonObject,
          senderId,
        );
        const answer = (own as JsonObject | undefined) ?? this.#usual(endpoint);
        return { status: 200, body: answer };
      },
    });
  }

  /** Sends a request, as the fake. */
  send(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonObject = {},
    timeout = 5000,
  ): Promise<PeerAnswer> {
    return this.process.transport.request(target, endpoint, body, { timeout });
  }

  /** Joins as a legacy peer, or as one with whatever is given. */
  async join(target: PeerTarget, extra: JsonObject = {}): Promise<JsonObject> {
    const { ip, port } = this.address;
    const answer = await this.send(target, 'join', {
      id: this.id,
      ip,
      port,
      data: {},
      ...extra,
    });
    return answer.body as JsonObject;
  }

  #usual(endpoint: Endpoint): JsonObject {
    switch (endpoint) {
      case 'status':
        return {
          id: this.id,
          online: true,
          listening: true,
          ...this.options.status,
        };
      case 'joined':
        return { status: 'added' };
      case 'left':
        return { status: 'removed' };
      default:
        return {};
    }
  }
}
