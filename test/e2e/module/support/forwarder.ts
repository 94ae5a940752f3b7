import { once } from 'node:events';
import {
  connect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

/** An address that leads to another port, as a container's published port does. */
export class Forwarder implements AsyncDisposable {
  /** Port of 127.0.0.1 that connections are led to. */
  target = 0;
  /** Connections that have come in. */
  connections = 0;
  readonly #sockets = new Set<Socket>();

  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (outer) => this.#forward(outer));
  }

  static async listen(ip: string): Promise<Forwarder> {
    const server = createServer().listen(0, ip);
    await once(server, 'listening');
    return new Forwarder(server);
  }

  get ip(): string {
    return (this.#server.address() as AddressInfo).address;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await once(this.#server, 'close');
  }

  #forward(outer: Socket): void {
    this.connections++;
    const inner = connect(this.target, '127.0.0.1');
    outer.pipe(inner).pipe(outer);
    for (const [socket, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
