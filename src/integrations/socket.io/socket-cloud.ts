import { BadRequestException, Logger } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  type JsonObject,
  type JsonValue,
  type Peer,
  type PeerChannel,
} from '../../index.js';
import { Answers } from './answers.js';
import { pack, unpack } from './binary.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import { Question, type QuestionListener } from './question.js';
import { SocketIoError } from './socket-io.error.js';
import {
  failed,
  garbage,
  namespaceTaken,
  noPeerCloud,
  otherVersion,
} from './socket-io.messages.js';
import {
  AGAIN,
  CHANNEL,
  readMessage,
  VERSION,
  type Answer,
  type Hello,
  type Publication,
  type Reply,
  type Skip,
  type Work,
} from './wire.js';

/** What a cloud of Socket.IO servers needs of the app. */
export interface CloudServices {
  membership: MembershipService;
  messaging: MessagingService;
}

/** Where services are found: a Nest application, or its context. */
export interface ServiceSource {
  get<T>(token: unknown, options: { strict: false }): T;
}

/** What another peer wants of a namespace's adapter. */
export interface Order {
  work: Exclude<Work, 'close'>;
  data: Record<string, unknown>;
  /** Present if values are wanted: gives one of so many. */
  give?: ((value: unknown, of: number) => void) | undefined;
}

/** What an order gives: how many values, and those that are there at once. */
export interface Given {
  of: number;
  values?: unknown[];
}

/** The adapter of one namespace, as the cloud sees it. */
export interface NamespaceAdapter {
  readonly server: string;
  readonly nsp: { readonly name: string };
  carryOut(order: Order): Given | Promise<Given> | undefined;
}

/** A question, and the namespace that it is about. */
interface OpenQuestion {
  key: string;
  question: Question;
}

const clouds = new WeakMap<MessagingService, SocketCloud>();

/** All Socket.IO namespaces of an app, and their counterparts at the other peers. */
export class SocketCloud {
  readonly #logger = new Logger('PeerSockets');
  readonly #channel: PeerChannel;
  readonly #outbox: Outbox;
  readonly #answers: Answers;
  readonly #adapters = new Map<string, NamespaceAdapter>();
  readonly #inboxes = new Map<string, Inbox>();
  readonly #questions = new Map<number, OpenQuestion>();
  /** Peers whose nonsense has been told of. */
  readonly #senseless = new Set<string>();

  /** @internal */
  constructor({ membership, messaging }: CloudServices) {
    this.#channel = messaging.channel(CHANNEL);
    this.#answers = new Answers(this.#channel);
    this.#outbox = new Outbox(
      this.#channel,
      {
        onReply: (n, peer, reply) => this.#answered(n, peer, reply),
        onGone: (peer) => this.#gone(peer),
      },
      this.#logger,
    );
    const unhandle = this.#channel.handle((body, sender) =>
      this.#receive(body, sender),
    );
    membership.events$.subscribe({
      next: (event) => {
        if (event.type === 'peer.joined') {
          this.#outbox.add(event.peer.id);
        } else if (event.type === 'peer.left') {
          this.#inboxes.delete(event.peer.id);
          this.#senseless.delete(event.peer.id);
          this.#outbox.remove(event.peer.id);
        }
      },
      complete: () => {
        unhandle();
        this.#outbox.close();
      },
    });
    for (const { id } of membership.peers()) {
      this.#outbox.add(id);
    }
  }

  /**
   * The one of an app.
   *
   * @throws SocketIoError (`NO_PEER_CLOUD`)
   */
  static of(source: ServiceSource | CloudServices): SocketCloud {
    const services = servicesOf(source);
    let cloud = clouds.get(services.messaging);
    if (!cloud) {
      clouds.set(services.messaging, (cloud = new SocketCloud(services)));
    }
    return cloud;
  }

  /** Peers with Socket.IO servers, oneself included. */
  get serverCount(): number {
    return 1 + this.#outbox.peers.length;
  }

  /** @throws SocketIoError (`NAMESPACE_TAKEN`) */
  add(adapter: NamespaceAdapter): void {
    const key = keyOf(adapter.server, adapter.nsp.name);
    const known = this.#adapters.get(key);
    if (known && known.nsp !== adapter.nsp) {
      throw new SocketIoError(
        'NAMESPACE_TAKEN',
        namespaceTaken(adapter.server, adapter.nsp.name),
      );
    }
    this.#adapters.set(key, adapter);
  }

  remove(adapter: NamespaceAdapter): void {
    const key = keyOf(adapter.server, adapter.nsp.name);
    if (this.#adapters.get(key) === adapter) {
      this.#adapters.delete(key);
      this.publish(adapter, 'close', {});
    }
  }

  /** Lets the adapters of a namespace at all other peers do something; nothing is waited for. */
  publish(
    adapter: NamespaceAdapter,
    work: Work,
    data: Record<string, unknown>,
  ): void {
    this.#publish(adapter, work, data, false);
  }

  /**
   * The same with values that come back.
   *
   * @param timeout ms after which nobody is waited for any more
   * @param onTimeout called then, with how many peers are missing
   */
  ask(
    adapter: NamespaceAdapter,
    work: Work,
    data: Record<string, unknown>,
    timeout: number,
    listener: QuestionListener & { onTimeout?(missing: number): void },
  ): void {
    const peers = this.#outbox.peers;
    const n =
      peers.length > 0 ? this.#publish(adapter, work, data, true) : undefined;
    if (n === undefined) {
      peers.forEach(() => listener.onPeerDone?.(0));
      listener.onDone();
      return;
    }
    const timer = setTimeout(() => {
      this.#questions.delete(n);
      listener.onTimeout?.(question.missing);
    }, timeout);
    const question = new Question({
      onValue: (value) => listener.onValue(value),
      onPeerDone: (values) => listener.onPeerDone?.(values),
      onDone: () => {
        clearTimeout(timer);
        this.#questions.delete(n);
        listener.onDone();
      },
    });
    const key = keyOf(adapter.server, adapter.nsp.name);
    this.#questions.set(n, { key, question });
    peers.forEach((peer) => question.ask(peer));
    for (const peer of peers.filter((each) => this.#outbox.isLost(each))) {
      question.gone(peer);
    }
  }

  #publish(
    { server, nsp: { name } }: NamespaceAdapter,
    work: Work,
    data: Record<string, unknown>,
    asks: boolean,
  ): number | undefined {
    const { value, bin } = pack(data);
    const message = {
      server,
      nsp: name,
      work,
      data: value as JsonObject,
      ...(bin && { bin }),
      ...(asks && { ask: true }),
    };
    return this.#outbox.publish(name, message as JsonObject, asks);
  }

  #answered(n: number, peer: string, { of, values = [], bin }: Reply): void {
    const all = bin ? (unpack(values, bin) as unknown[]) : values;
    this.#questions.get(n)?.question.answer(peer, all, of);
  }

  /** The peer gives no values any more, to no question or to none about a namespace. */
  #gone(peer: string, about?: string): void {
    for (const { key, question } of this.#questions.values()) {
      if (about === undefined || about === key) {
        question.gone(peer);
      }
    }
  }

  /** Takes what another peer says on the channel. */
  #receive(body: JsonValue, { id }: Peer): unknown {
    const message = readMessage(body);
    if (!message) {
      return this.#refuse(id);
    }
    if ('hello' in message) {
      return this.#greeted(id, message);
    }
    if ('answer' in message) {
      return this.#answered(message.answer, id, message satisfies Answer);
    }
    return this.#take(id, message);
  }

  #refuse(peer: string): never {
    if (!this.#senseless.has(peer)) {
      this.#senseless.add(peer);
      this.#logger.warn(garbage(peer));
    }
    throw new BadRequestException('no message of the Socket.IO adapter');
  }

  #greeted(peer: string, { hello, session, from }: Hello): object {
    if (hello !== VERSION) {
      this.#logger.warn(otherVersion(peer, hello));
      return { hello: VERSION };
    }
    let inbox = this.#inboxes.get(peer);
    if (inbox?.session !== session) {
      this.#inboxes.set(peer, (inbox = new Inbox(session, from)));
    }
    inbox.skipTo(from);
    this.#outbox.met(peer);
    return { hello: VERSION, next: inbox.next };
  }

  #take(peer: string, message: Publication | Skip): unknown {
    const inbox = this.#inboxes.get(peer);
    if (inbox?.session !== message.session) {
      return AGAIN;
    }
    if ('skip' in message || !message.ask) {
      const outcome = inbox.take(message.n, () => {
        if ('work' in message) {
          this.#carryOut(peer, message);
        }
      });
      return outcome === 'full' ? AGAIN : undefined;
    }
    return new Promise((resolve) => {
      const carryOut = () => resolve(this.#carryOut(peer, message));
      const outcome = inbox.take(message.n, carryOut);
      if (outcome === 'full') {
        resolve(AGAIN);
      } else if (outcome === 'seen' && message.work === 'fetch') {
        // The reply was lost, and this may be done twice.
        carryOut();
      } else if (outcome === 'seen') {
        resolve({});
      }
    });
  }

  /** Never throws: what fails here is no fault of the sender's. */
  #carryOut(peer: string, message: Publication): unknown {
    const { server, nsp, work, n } = message;
    const key = keyOf(server, nsp);
    if (work === 'close') {
      this.#gone(peer, key);
      return undefined;
    }
    try {
      const order = {
        work,
        data: unpack(message.data, message.bin ?? []) as JsonObject,
        give:
          message.ask &&
          ((value: unknown, of: number) =>
            this.#answers.add(peer, n, value, of)),
      };
      const given = this.#adapters.get(key)?.carryOut(order);
      if (!message.ask) {
        return undefined;
      }
      return given instanceof Promise
        ? given.then(packGiven)
        : packGiven(given ?? { of: 0 });
    } catch (error) {
      this.#logger.error(failed(work, nsp, peer), error);
      return message.ask && { of: 0 };
    }
  }
}

function packGiven({ of, values = [] }: Given): object {
  const { value, bin } = pack(values);
  return { of, values: value, ...(bin && { bin }) };
}

function keyOf(server: string, nsp: string): string {
  return `${server}\n${nsp}`;
}

function servicesOf(source: ServiceSource | CloudServices): CloudServices {
  if ('messaging' in source) {
    return source;
  }
  try {
    return {
      messaging: source.get<MessagingService>(MessagingService, {
        strict: false,
      }),
      membership: source.get<MembershipService>(MembershipService, {
        strict: false,
      }),
    };
  } catch {
    throw new SocketIoError('NO_PEER_CLOUD', noPeerCloud);
  }
}
