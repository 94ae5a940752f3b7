import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP proxy as most are by default: hop-by-hop headers end at it. */
export class PlainProxy implements AsyncDisposable {
  /** The server behind it. */
  target!: Server;
  /** What it answers itself, in place of who is behind it. */
  refusal: number | undefined;
  readonly #server: Server;
  readonly #before: () => Promise<unknown>;

  private constructor(before: () => Promise<unknown>) {
    this.#before = before;
    this.#server = createServer((incoming, outgoing) => {
      if (this.refusal !== undefined) {
        outgoing.writeHead(this.refusal).end('Too many requests');
        return;
      }
      const { connection: _c, upgrade: _u, ...headers } = incoming.headers;
      const address = this.target.address() as AddressInfo | null;
      if (!address) {
        outgoing.destroy();
        return;
      }
      const { method, url: path } = incoming;
      const inner = request(
        { port: address.port, host: '127.0.0.1', method, path, headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(outgoing);
        },
      );
      inner.on('error', () => outgoing.destroy());
      incoming.pipe(inner);
    });
  }

  /** @param before what has to end before it does */
  static async listen(before: () => Promise<unknown>): Promise<PlainProxy> {
    const proxy = new PlainProxy(before);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#before();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
