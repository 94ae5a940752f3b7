import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Contender } from '../contender.js';
import { LineSocket } from './support/line-socket.js';

type Frame = [id: number, body: unknown];

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

/** Matches replies to requests by number: as little as a multiplexer can do. */
class Multiplexer {
  private readonly waiting = new Map<number, (body: unknown) => void>();
  private readonly lines: LineSocket;
  private nextId = 1;

  constructor(readonly socket: Socket) {
    this.lines = new LineSocket(socket, (line) => {
      const [id, body] = JSON.parse(line) as Frame;
      this.waiting.get(id)!(body);
      this.waiting.delete(id);
    });
  }

  send(body: unknown): Promise<unknown> {
    return new Promise((resolve) => {
      const id = this.nextId++;
      this.waiting.set(id, resolve);
      this.lines.write(JSON.stringify([id, body]));
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
        const [id, body] = JSON.parse(line) as Frame;
        lines.write(JSON.stringify([id, body]));
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
