import { once } from 'node:events';
import {
  connect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

/** Ms after which no message may fail any more. */
const NOTICED = 3000;

@Injectable()
class Echo {
  readonly started: number[] = [];

  @OnPeerMessage()
  echo({ n }: { n: number }) {
    this.started.push(n);
    return { n };
  }
}

/** Stands between two peers, and can let go of streams without a word, as a firewall does that restarts. */
class Relay {
  /** What takes the connections. */
  port = 0;
  /** Streams so far. */
  streams = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #letGo: (() => void)[] = [];

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) =>
      socket.once('data', (head) => this.#pass(socket, head)),
    );
  }

  /** Port of the peer behind it. */
  target = 0;

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing passes on the streams that are open, and nobody hears of it. */
  silence(): void {
    for (const letGo of this.#letGo.splice(0)) {
      letGo();
    }
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #pass(from: Socket, head: Buffer): void {
    const to = connect(this.target, '127.0.0.1');
    for (const socket of [from, to]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    to.write(head);
    from.pipe(to);
    to.pipe(from);
    if (head.toString('latin1').startsWith('GET /stream ')) {
      this.streams++;
      this.#letGo.push(() => {
        from.unpipe(to).resume();
        to.unpipe(from).resume();
      });
    }
  }
}

let relay: Relay;
beforeEach(async () => {
  relay = new Relay();
  await relay.listen();
});
afterEach(async () => {
  await closePeers();
  relay.close();
});

/** A peer that others reach through the relay, and one that sends to it. */
async function startBehindRelay(options: object): Promise<[PeerApp, PeerApp]> {
  const receiver = await startPeer({
    providers: [Echo],
    options: { ...options, port: relay.port, ip: '127.0.0.1' },
    onServer: (server) =>
      server.once('listening', () => {
        relay.target = (server.address() as AddressInfo).port;
      }),
  });
  const sender = await startPeer({
    options: { ...options, peers: [`127.0.0.1:${relay.port}`] },
  });
  await until(() => agree([sender, receiver]));
  return [sender, receiver];
}

it.each<[string, object]>([
  ['an open cloud', {}],
  ['a signed cloud', { security: { secret: 'x'.repeat(40) } }],
])(
  'a stream that has died silently is found by its first message (%s)',
  async (_, options) => {
    const [sender, receiver] = await startBehindRelay(options);
    const { id } = receiver.membership.self;
    const failed: number[] = [];
    let n = 0;
    const sendSome = () => {
      const [number, sentAt] = [n++, performance.now()];
      return sender.messaging
        .send(id, { n: number }, { timeout: 5000 })
        .then(undefined, () => failed.push(sentAt));
    };
    await sendSome();
    expect([failed.length, relay.streams]).toEqual([0, 1]);

    relay.silence();
    const silentAt = performance.now();
    const all: Promise<unknown>[] = [];
    await until(
      () => {
        all.push(sendSome());
        return performance.now() > silentAt + NOTICED + 1000;
      },
      { interval: 20 },
    );
    await Promise.all(all);
    const late = failed.filter((sentAt) => sentAt > silentAt + NOTICED);
    expect(late).toEqual([]);
    expect(failed.length).toBeLessThan(all.length);
    expect(relay.streams).toBeGreaterThan(1);
    // What came after was handled in its order, and once.
    const { started } = receiver.app.get(Echo);
    expect(started).toEqual([...new Set(started)].sort((a, b) => a - b));
  },
);
