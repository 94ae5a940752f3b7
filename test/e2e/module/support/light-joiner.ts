import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../../src/wire/json.js';

const FEATURES = ['update', 'gossip', 'probe', 'sync'];

/** Ms between two tries of a join, at most. */
const PAUSE = 500;

const servers = new Set<Server>();

/** As little of a peer as can join: it answers `/status`, and tries again where it is refused for now. */
export class LightJoiner {
  readonly statuses: number[] = [];
  answer: JsonObject = {};
  readonly #incarnation = Date.now();
  readonly #server = createServer((request, response) => {
    request.resume().once('end', () => {
      const status = {
        id: this.id,
        online: true,
        features: FEATURES,
        incarnation: this.#incarnation,
        ext: { updates: [] },
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(request.url === '/status' ? status : {}));
    });
  });

  readonly #onRefused: () => void;

  /** @param onRefused called at each answer that says "later" */
  constructor(
    readonly id: string,
    onRefused: () => void,
  ) {
    this.#onRefused = onRefused;
  }

  async listen(): Promise<void> {
    servers.add(this.#server);
    await new Promise<void>((done) =>
      this.#server.listen(0, '127.0.0.1', done),
    );
  }

  /** Joins through a seed, however often that takes. */
  async join(seed: { port: number }): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const body = JSON.stringify({
      id: this.id,
      ip: '127.0.0.1',
      port,
      features: FEATURES,
      incarnation: this.#incarnation,
    });
    while (this.answer.status !== 'joined') {
      if (this.statuses.length > 0) {
        await sleep(PAUSE * Math.random());
      }
      const answer = await fetch(`http://127.0.0.1:${seed.port}/join`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      this.statuses.push(answer.status);
      if (answer.status === 429) {
        this.#onRefused();
      }
      this.answer = (await answer.json()) as JsonObject;
    }
  }
}

/** Ends all of them; for `afterEach`. */
export async function closeLightJoiners(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers.clear();
}
