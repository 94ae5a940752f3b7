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
import { someOf } from '../../support/amount.js';
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

/** Stands between two peers, and can let go of connections without a word, as a firewall does that restarts. */
class Relay {
  /** What takes the connections. */
  port = 0;
  /** Connections so far, and those of them that are streams. */
  connections = 0;
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

  /** From now on nothing passes on what is open, and nobody hears of it. */
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
    this.connections++;
    if (head.toString('latin1').startsWith('GET /stream ')) {
      this.streams++;
    }
    this.#letGo.push(() => {
      from.unpipe(to).resume();
      to.unpipe(from).resume();
    });
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

const SIGNED = { security: { secret: 'x'.repeat(40) } };
const NO_STREAM = { messaging: { stream: false } };

const CLOUDS: [string, object][] = [
  ['a stream, open', {}],
  ['/message, signed', { ...NO_STREAM, ...SIGNED }],
  ['a stream, signed', SIGNED],
  ['/message, open', NO_STREAM],
];

it.each(someOf(CLOUDS, 2))(
  'connections that have died silently are found by the first message (%s)',
  async (_, options) => {
    const [sender, receiver] = await startBehindRelay(options);
    const { id } = receiver.membership.self;
    let n = 0;
    const sendNext = (timeout: number) =>
      sender.messaging.send(id, { n: n++ }, { timeout });
    // As many connections as it may have, all of them at rest.
    await Promise.all(Array.from({ length: 40 }, () => sendNext(20_000)));
    const before = relay.connections;
    expect(relay.streams).toBe('messaging' in options ? 0 : 1);

    relay.silence();
    const silentAt = performance.now();
    // Whoever waits for these waits long: they must not hold up the others.
    const sendPatient = () => void sendNext(60_000).catch(() => undefined);
    Array.from({ length: 40 }, sendPatient);
    await until(
      () => {
        sendPatient();
        return performance.now() > silentAt + NOTICED;
      },
      { interval: 20 },
    );
    const late: Promise<unknown>[] = [];
    await until(() => late.push(sendNext(20_000)) === 50, { interval: 20 });
    await Promise.all(late);
    expect(relay.connections).toBeGreaterThan(before);
    // What came after was handled once, and on a stream in its order.
    const { started } = receiver.app.get(Echo);
    expect(new Set(started).size).toBe(started.length);
    if (!('messaging' in options)) {
      expect(started).toEqual([...started].sort((a, b) => a - b));
    }
  },
  60_000,
);
