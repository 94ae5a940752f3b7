import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolveAddressOptions } from '../../../src/security/addresses/address.options.js';
import { AddressPolicy } from '../../../src/security/addresses/address-policy.js';
import { PeerSecurity } from '../../../src/security/peer-security.js';
import type {
  Verdict,
  StreamCodec,
} from '../../../src/security/security.interface.js';
import {
  resolveSecurityOptions,
  type SecurityOptions,
} from '../../../src/security/security.options.js';
import type { PeerApp } from '../../e2e/module/support/peer-app.js';
import { switchingHead } from '../../support/stream-server.js';
import { writeLie, type Lie } from './lies.js';

export const LIAR = 'liar';

/** A stream that a peer has opened to the liar. */
export interface AcceptedStream {
  /** The peer that opened it. */
  peerId: unknown;
  socket: Socket;
  codec: StreamCodec;
}

/** A member of the cloud that keeps to the protocol until it is told to lie. */
export class Liar {
  /** What it says instead of the truth, by endpoint. */
  lies: Partial<Record<string, Lie>> = {};
  /** Takes streams, in a signed cloud with the codec of the stream; undefined: as the lies say. */
  onStream: ((stream: AcceptedStream) => void) | undefined;
  #incarnation = 0;
  readonly #sockets = new Set<Socket>();

  /** Its name in the cloud: that of its key, where it has one. */
  get id(): string {
    return this.#security.peerId ?? LIAR;
  }

  readonly #server: Server;
  readonly #security: PeerSecurity;

  private constructor(
    server: Server,
    readonly port: number,
    security: PeerSecurity,
  ) {
    this.#server = server;
    this.#security = security;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request) => void this.#answer(request));
    server.on('upgrade', (request, socket: Socket) => {
      if (this.onStream) {
        this.#accept(request, socket, this.onStream);
      } else {
        writeLie(socket, this.lies['stream'] ?? { ...TRUTH, status: 404 });
      }
    });
  }

  static async start(options: SecurityOptions | undefined): Promise<Liar> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const security: PeerSecurity = new PeerSecurity({
      security: resolveSecurityOptions(options, 'security'),
      addresses: new AddressPolicy(
        resolveAddressOptions({}, 'addresses'),
        true,
      ),
      selfId: () => security.peerId ?? LIAR,
      fixedId: false,
      maxPeers: 10,
      logger: { warn: () => undefined },
    });
    const { port } = server.address() as AddressInfo;
    return new Liar(server, port, security);
  }

  /** Becomes a member, as anyone does; true if it was let in. */
  async join(peer: PeerApp, features: string[]): Promise<boolean> {
    this.#incarnation = Math.max(this.#incarnation + 1, Date.now());
    const incarnation = this.#incarnation;
    const { port } = this;
    const record = { id: this.id, port, data: {}, features, incarnation };
    const signature = this.#security.records?.sign(record);
    const body = { ...record, ip: '127.0.0.1', signature };
    return (await this.#say(peer, '/join', body)).status === 'joined';
  }

  /** Says goodbye, as anyone does. */
  async leave(peer: PeerApp): Promise<void> {
    await this.#say(peer, '/left', { id: this.id });
  }

  close(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#server.close();
  }

  async #say(
    { port, membership }: PeerApp,
    path: string,
    value: object,
  ): Promise<{ status?: unknown }> {
    const body = Buffer.from(JSON.stringify(value));
    const origin = `http://127.0.0.1:${port}`;
    const signed = this.#security.exchange.sign({
      origin,
      method: 'POST',
      path,
      body,
      receiverId: membership.self.id,
    });
    const answer = await fetch(origin + path, {
      method: 'POST',
      headers: {
        ...signed.headers,
        'content-type': 'application/json',
        'x-peercloud-id': this.id,
      },
      body,
    });
    const text = await answer.text();
    try {
      // It learns what it needs for its next request.
      signed.checkAnswer({
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: Buffer.from(text),
      });
    } catch {
      // A refusal.
    }
    return JSON.parse(text) as { status?: unknown };
  }

  #accept(
    { headers }: IncomingMessage,
    socket: Socket,
    onStream: (stream: AcceptedStream) => void,
  ): void {
    const verdict = this.#security.verifier.verify({
      method: 'GET',
      path: '/stream',
      headers,
      raw: undefined,
      remoteAddress: '127.0.0.1',
    }) as Verdict;
    const acceptance = verdict.ok ? verdict.acceptStream?.() : undefined;
    if (acceptance) {
      socket.write(switchingHead(acceptance.headers));
      const peerId = headers['x-peercloud-id'];
      onStream({ peerId, socket, codec: acceptance.codec });
    } else {
      socket.destroy();
    }
  }

  async #answer(request: IncomingMessage): Promise<void> {
    const { socket, url: path = '' } = request;
    const lie = this.lies[path.slice(1)];
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise<void>((done) => request.once('close', done));
    const { body, ...rest } = lie ?? {
      ...TRUTH,
      body: Buffer.from(JSON.stringify(truthOf(path, this.id))),
    };
    const verdict = await this.#security.verifier.verify({
      method: 'POST',
      path,
      headers: request.headers,
      raw: Buffer.concat(chunks),
      remoteAddress: '127.0.0.1',
    });
    const headers =
      verdict.ok && !rest.unsigned
        ? verdict.signAnswer?.(rest.status, body)
        : undefined;
    writeLie(socket, { ...rest, body }, headers);
  }
}

const TRUTH: Lie = {
  status: 200,
  body: Buffer.from('{}'),
  framing: 'length',
  type: 'application/json',
  ending: 'close',
  cut: undefined,
  unsigned: false,
  extra: {},
};

function truthOf(path: string, id: string): object {
  switch (path) {
    case '/status':
    case '/check':
      return { id, online: true, listening: true, joined: true };
    case '/join':
      return { status: 'rejected', error: { code: 'LEAVING', message: '' } };
    default:
      return {};
  }
}
