import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

/** A known peer that answers a join when the test says so, and everything else at once. */
export class HesitantSeed implements AsyncDisposable {
  readonly #seen: string[] = [];
  #decide!: () => void;
  readonly #decided = new Promise<void>((resolve) => {
    this.#decide = resolve;
  });

  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<HesitantSeed> {
    const server = createServer().listen(0, '127.0.0.1');
    const seed = new HesitantSeed(server);
    server.on('request', async (request, response) => {
      const body = JSON.stringify(await seed.#answer(request));
      response.setHeader('content-type', 'application/json').end(body);
    });
    await once(server, 'listening');
    return seed;
  }

  /** As in the option `peers`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often a path was asked. */
  asked(path: string): number {
    return this.#seen.filter((each) => each === path).length;
  }

  /** Lets in everybody who waits. */
  decide(): void {
    this.#decide();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage): Promise<object> {
    const { id } = (await json(request)) as { id?: string };
    this.#seen.push(request.url!);
    if (request.url !== '/join') {
      return { id: 'seed', online: true };
    }
    await this.#decided;
    const self = { id: 'seed', data: {} };
    return { status: 'joined', id, self, peers: [] };
  }
}
