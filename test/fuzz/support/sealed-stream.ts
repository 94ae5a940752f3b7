import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { resolveAddressOptions } from '../../../src/security/addresses/address.options.js';
import { AddressPolicy } from '../../../src/security/addresses/address-policy.js';
import { PeerSecurity } from '../../../src/security/peer-security.js';
import { resolveSecurityOptions } from '../../../src/security/security.options.js';
import type { StreamCodec } from '../../../src/security/security.interface.js';
import type { PeerApp } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

export const GREETING = '{"v":1,"heartbeat":10000,"maxBytes":1000000}\n';

/** Text of a line as a record of its own. */
export function sealed(codec: StreamCodec, line: string): Buffer {
  return codec.seal(line);
}

/** Reads records that come in any pieces as lines of JSON. */
export function readLines(
  socket: Socket,
  head: Buffer,
  codec: StreamCodec,
  onLine: (value: unknown) => void,
): { raw: Buffer[] } {
  const raw: Buffer[] = [];
  let rest = '';
  const read = (chunk: Buffer) => {
    raw.push(chunk);
    for (const part of codec.open(chunk)) {
      rest += part.toString();
    }
    const lines = rest.split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      onLine(JSON.parse(line));
    }
  };
  if (head.length > 0) {
    process.nextTick(read, head);
  }
  socket.on('data', read);
  return { raw };
}

/** What signs as this peer of a cloud with a shared secret. */
export function securityOf(id: string, secret: string): PeerSecurity {
  return new PeerSecurity({
    security: resolveSecurityOptions({ secret }, 'security'),
    addresses: new AddressPolicy(resolveAddressOptions({}, 'addresses'), true),
    selfId: () => id,
    fixedId: false,
    maxPeers: 10,
    logger: { warn: () => undefined },
  });
}

/** A stream that a member of a signed cloud has opened to a peer. */
export class SealedStream {
  /** Status and payload by the id of the request. */
  readonly replies = new Map<number, [number, unknown]>();
  /** The receiver has ended it, or broken it off. */
  closed = false;
  #greeted = false;
  readonly #raw: Buffer[];

  readonly #socket: Socket;
  readonly #codec: StreamCodec;

  private constructor(socket: Socket, head: Buffer, codec: StreamCodec) {
    this.#socket = socket;
    this.#codec = codec;
    const { raw } = readLines(socket, head, codec, (line) => this.#read(line));
    this.#raw = raw;
    socket.on('error', () => (this.closed = true));
    socket.on('close', () => (this.closed = true));
  }

  /**
   * Opens one and waits for the receiver's greeting. Where the receiver has seen a later start of the
   * sender, whose id is that of a running peer, the sender learns of it and asks again.
   */
  static async open(
    security: PeerSecurity,
    receiver: PeerApp,
  ): Promise<SealedStream> {
    const { port, membership } = receiver;
    const opening = security.streams.open(membership.self.id);
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/stream',
      agent: false,
      headers: {
        ...opening.headers,
        connection: 'Upgrade',
        upgrade: 'peercloud/1',
      },
    });
    const { answer, socket, head } = await new Promise<{
      answer: IncomingMessage;
      socket?: Socket;
      head?: Buffer;
    }>((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (answer) => resolve({ answer }));
      request.once('upgrade', (answer, socket: Socket, head) =>
        resolve({ answer, socket, head }),
      );
      request.end();
    });
    if (!socket || !head) {
      answer.destroy();
      if (opening.refused(answer.statusCode!, answer.headers)) {
        return SealedStream.open(security, receiver);
      }
      throw new Error(`the stream was refused: ${answer.statusCode}`);
    }
    const codec = opening.accept(answer.headers)!;
    const stream = new SealedStream(socket, head, codec);
    await until(() => stream.#greeted, { interval: 1 });
    return stream;
  }

  /** The first record of the receiver, as it came. */
  get firstRecord(): Buffer {
    return Buffer.concat(this.#raw);
  }

  seal(line: string): Buffer {
    return sealed(this.#codec, line);
  }

  write(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.#socket.write(piece);
    }
  }

  end(): void {
    this.#socket.write(this.seal('["e"]\n'));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(line: unknown): void {
    if (!Array.isArray(line)) {
      this.#greeted = true;
    } else if (line[0] === 'r') {
      for (let at = 1; at < line.length; at += 3) {
        const [id, status, payload] = line.slice(at) as [
          number,
          number,
          unknown,
        ];
        this.replies.set(id, [status, payload]);
      }
    }
  }
}
