import { randomBytes } from 'node:crypto';
import type {
  Msg,
  NodeConnectionOptions,
  Subscription,
} from '@nats-io/transport-node';
import {
  type BroadcastListener,
  type PeerAddress,
  type TransportAnswer,
  type TransportCallOptions,
  type TransportConnection,
  type TransportContext,
  TransportError,
  type TransportErrorCode,
  type TransportHeaders,
  type TransportLink,
  type TransportReceiver,
  type TransportRequest,
} from '../../index.js';
import {
  answerParts,
  bodyOf,
  isNoResponders,
  readHeaders,
  readPart,
  SOCKET,
  writeHeaders,
} from './envelope.js';
import { lostOnTheWay, tooLargeFor } from './nats.messages.js';
import { NatsWire } from './nats-wire.js';
import { PendingAnswers } from './pending-answers.js';
import { PeerSearch } from './peer-search.js';
import { StreamSockets } from './stream-sockets.js';
import { isAddress, randomAddress, Subjects } from './subjects.js';

/** The port of all peers; it has no meaning. */
const PORT = 4222;

/** Bytes of a message that are left to its headers. */
const HEADER_ROOM = 16 * 1024;

/** Where a peer asks for a stream: a name that no endpoint has. */
const STREAM = 'stream';

const NOTHING = Buffer.alloc(0);

/** One peer's place on NATS. */
export class NatsLink implements TransportLink {
  readonly address: PeerAddress = { ip: randomAddress(), port: PORT };
  readonly #subjects: Subjects;
  readonly #wire: NatsWire;
  readonly #sockets: StreamSockets;
  readonly #search: PeerSearch;
  /** Answers that this peer waits for. */
  readonly #pending = new PendingAnswers();
  /** Names that nobody guesses and nobody has had. */
  readonly #start = randomBytes(9).toString('base64url');
  #names = 0;
  #receiver: TransportReceiver | undefined;
  /** What others ask this peer for. */
  #inbound: Subscription[] = [];
  /** Requests of others that are in work. */
  #inWork = 0;
  #onIdle: (() => void) | undefined;
  #isCutOff = false;

  constructor(options: NodeConnectionOptions, context: TransportContext) {
    const { ip } = this.address;
    this.#subjects = new Subjects(context.cloud);
    this.#wire = new NatsWire(options, () => this.#loseAll());
    this.#sockets = new StreamSockets(this.#wire, this.#subjects, ip);
    this.#search = new PeerSearch(context.size);
  }

  /** @throws NatsError */
  async open(receiver: TransportReceiver): Promise<void> {
    const wire = this.#wire;
    this.#receiver = receiver;
    await wire.connect();
    const { ip } = this.address;
    const { all, seek } = this.#subjects;
    const own = (inlet: 'q' | 'r' | 's') => this.#subjects.of(ip, inlet, '*');
    wire.subscribe(own('r'), (msg) => this.#onAnswer(msg));
    wire.subscribe(own('s'), (msg) => this.#sockets.receive(msg));
    this.#inbound = [
      wire.subscribe(own('q'), (msg) => this.#onRequest(msg)),
      wire.subscribe(all, (msg) => this.#onRequest(msg)),
      wire.subscribe(seek, (msg) => this.#onSearch(msg)),
    ];
    await wire.flush();
  }

  request(
    { ip }: PeerAddress,
    { path, headers, body }: TransportRequest,
    options: TransportCallOptions,
  ): Promise<TransportAnswer> {
    return this.#ask(ip, path.slice(1), headers, body, options);
  }

  async connect(
    { ip }: PeerAddress,
    headers: TransportHeaders,
    options: TransportCallOptions,
  ): Promise<TransportConnection> {
    const name = this.#name();
    const own = { ...headers, [SOCKET]: name };
    let socket: TransportConnection['socket'];
    const answer = await this.#ask(ip, STREAM, own, NOTHING, options, (its) => {
      const other = this.#subjects.of(ip, 's', its.headers[SOCKET] ?? '');
      if (its.status === 101 && this.#subjects.read(other)) {
        // At once: what the other side writes comes right behind its answer.
        socket = this.#sockets.open(name, other);
      }
    });
    return { answer, socket };
  }

  broadcast(
    { headers, body }: TransportRequest,
    { onAnswer, onLost, maxAnswerBytes }: BroadcastListener,
  ): (() => void) | undefined {
    if (body.length > this.#maxBytes) {
      return undefined;
    }
    const name = this.#name();
    this.#pending.add(name, {
      onAnswer,
      onFailed: onLost,
      maxBytes: maxAnswerBytes,
      isForMany: true,
    });
    const isSent = this.#wire.publish(this.#subjects.all, body, {
      headers: writeHeaders(headers),
      reply: this.#replyTo(name),
    });
    const stop = () => this.#pending.delete(name);
    return isSent ? stop : (stop(), undefined);
  }

  async findPeers(): Promise<PeerAddress[]> {
    const name = this.#name();
    const reply = this.#replyTo(name);
    try {
      const found = await this.#search.run((listener) => {
        this.#pending.add(name, listener);
        if (!this.#wire.publish(this.#subjects.seek, NOTHING, { reply })) {
          throw noNetwork('all peers');
        }
      });
      return found.map((ip) => ({ ip, port: PORT }));
    } finally {
      this.#pending.delete(name);
    }
  }

  cutOff(): void {
    this.#isCutOff = true;
    this.#onIdle?.();
    this.#loseAll();
  }

  async close(): Promise<void> {
    for (const subscription of this.#inbound) {
      subscription.unsubscribe();
    }
    if (this.#inWork > 0 && !this.#isCutOff) {
      await new Promise<void>((resolve) => (this.#onIdle = resolve));
    }
    this.#loseAll();
    await this.#wire.close();
  }

  /** Most bytes of a body. */
  get #maxBytes(): number {
    return this.#wire.maxPayload - HEADER_ROOM;
  }

  #name(): string {
    return `${this.#start}-${(this.#names++).toString(36)}`;
  }

  #replyTo(name: string): string {
    return this.#subjects.of(this.address.ip, 'r', name);
  }

  /** @param onAnswer called before anything else comes from the other side */
  #ask(
    ip: string,
    name: string,
    headers: TransportHeaders,
    body: Buffer,
    { timeout, signal, maxAnswerBytes }: TransportCallOptions,
    onAnswer?: (answer: TransportAnswer) => void,
  ): Promise<TransportAnswer> {
    const obstacle = this.#obstacle(ip, body, signal);
    if (obstacle) {
      return Promise.reject(obstacle);
    }
    const id = this.#name();
    return new Promise<TransportAnswer>((resolve, reject) => {
      const fail = (error: TransportError) => {
        settle();
        reject(error);
      };
      const onAbort = () => fail(givenUp(ip));
      const timer = setTimeout(
        () => fail(failure('TIMEOUT', ip, `no answer within ${timeout} ms`)),
        timeout,
      );
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.add(id, {
        maxBytes: maxAnswerBytes,
        onAnswer: (answer) => {
          settle();
          onAnswer?.(answer);
          resolve(answer);
        },
        onNobody: () => fail(this.#nobodyAt(ip)),
        onFailed: ({ code, message }) => fail(failure(code, ip, message)),
      });
      const isSent = this.#wire.publish(
        this.#subjects.of(ip, 'q', name),
        body,
        { headers: writeHeaders(headers), reply: this.#replyTo(id) },
      );
      if (!isSent) {
        fail(noNetwork(ip));
      }
    });
  }

  /** Why there is no use in asking. */
  #obstacle(
    ip: string,
    { length }: Buffer,
    signal: AbortSignal | undefined,
  ): TransportError | undefined {
    if (signal?.aborted) {
      return givenUp(ip);
    }
    if (!isAddress(ip)) {
      return failure('REFUSED', ip, 'is no address on NATS');
    }
    if (!this.#wire.isUp) {
      return noNetwork(ip);
    }
    return length > this.#maxBytes
      ? failure('UNREACHABLE', ip, tooLargeFor(length, this.#wire.maxPayload))
      : undefined;
  }

  /** That nobody has subscribed means that nobody is there, unless all are just coming back. */
  #nobodyAt(ip: string): TransportError {
    return this.#wire.isSettling
      ? noNetwork(ip)
      : failure('REFUSED', ip, 'no responders');
  }

  #onAnswer(msg: Msg): void {
    const name = this.#subjects.read(msg.subject)?.name ?? '';
    if (isNoResponders(msg)) {
      this.#pending.nobody(name);
      return;
    }
    const part = readPart(msg);
    if (part) {
      this.#pending.take(name, part);
    }
  }

  /** Nobody can have an answer sent to where others do not wait for one. */
  #onRequest(msg: Msg): void {
    const reply = this.#subjects.read(msg.reply);
    if (reply?.inlet !== 'r') {
      return;
    }
    const name = this.#subjects.read(msg.subject)?.name;
    this.#inWork++;
    const work =
      name === STREAM
        ? this.#serveStream(msg, reply.ip)
        : this.#serve(msg, name ?? 'broadcast', reply.ip);
    void work.finally(() => {
      this.#inWork--;
      if (this.#inWork === 0) {
        this.#onIdle?.();
      }
    });
  }

  async #serve(msg: Msg, name: string, from: string): Promise<void> {
    const request = {
      path: `/${name}`,
      headers: readHeaders(msg.headers),
      body: bodyOf(msg),
    };
    const answer = await this.#receiver!.request(request, from);
    this.#answer(msg.reply!, answer);
  }

  async #serveStream(msg: Msg, from: string): Promise<void> {
    const headers = readHeaders(msg.headers);
    const { answer, accept } = await this.#receiver!.connect(headers, from);
    const other = this.#subjects.of(from, 's', headers[SOCKET] ?? '');
    if (!accept) {
      this.#answer(msg.reply!, answer);
    } else if (this.#subjects.read(other) && this.#wire.isUp) {
      const name = this.#name();
      const socket = this.#sockets.open(name, other);
      this.#answer(msg.reply!, answer, { [SOCKET]: name });
      accept(socket);
    }
  }

  #onSearch({ reply }: Msg): void {
    if (this.#subjects.read(reply)?.inlet === 'r' && this.#search.mayAnswer()) {
      const body = Buffer.from(this.address.ip);
      this.#answer(reply!, { status: 200, headers: {}, body });
    }
  }

  #answer(
    subject: string,
    answer: TransportAnswer,
    own?: TransportHeaders,
  ): void {
    const name = () => this.#name();
    for (const part of answerParts(answer, this.#maxBytes, name, own)) {
      this.#wire.publish(subject, part.data, { headers: part.headers });
    }
  }

  #loseAll(): void {
    this.#pending.fail('CONNECTION_LOST', lostOnTheWay);
    this.#sockets.loseAll();
  }
}

function failure(
  code: TransportErrorCode,
  ip: string,
  why: string,
): TransportError {
  return new TransportError(code, `${ip}: ${why}`);
}

function givenUp(ip: string): TransportError {
  return failure('ABORTED', ip, 'the caller gave up');
}

/** It is this peer that has no network, which says nothing about the others. */
function noNetwork(ip: string): TransportError {
  const cause = Object.assign(new Error('no connection to a NATS server'), {
    code: 'ENETUNREACH',
  });
  return new TransportError('UNREACHABLE', `${ip}: ${cause.message}`, {
    cause,
  });
}
