import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Contender } from '../contender.js';
import { LineSocket } from './support/line-socket.js';

type Frame = [place: number, body: unknown];

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

/** Matches replies to requests by a number that is used again: as little as a multiplexer can do. */
class Multiplexer {
  readonly #waiting: ((body: unknown) => void)[] = [];
  readonly #free: number[] = [];
  readonly #lines: LineSocket;

  constructor(readonly socket: Socket) {
    this.#lines = new LineSocket(socket, (line) => {
      const [place, body] = JSON.parse(line) as Frame;
      this.#free.push(place);
      this.#waiting[place]!(body);
    });
  }

  send(body: unknown): Promise<unknown> {
    return new Promise((resolve) => {
      const place = this.#free.pop() ?? this.#waiting.length;
      this.#waiting[place] = resolve;
      this.#lines.write(JSON.stringify([place, body]));
    });
  }
}

const contender: Contender = {
  title: 'raw net multiplexer, coalesced (limit)',
  parts: ['request-reply', 'broadcast', 'open-loop', 'growth'],
  notQuick: ['open-loop', 'growth'],

  async server({ host }) {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      const lines = new LineSocket(socket, (line) => {
        const [place, body] = JSON.parse(line) as Frame;
        lines.write(JSON.stringify([place, body]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    return { location: { port } };
  },

  async client({ host, peers }) {
    const links = peers.map(
      ({ port }) =>
        new Multiplexer(connect({ host, port: Number(port), noDelay: true })),
    );
    await Promise.all(links.map((link) => opened(link.socket)));
    return { send: (peer, body) => links[peer]!.send(body) };
  },
};

export default contender;
