import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type {
  Member,
  MembershipCore,
  MembershipEvent,
} from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_LINK,
} from '../../options/peer-cloud.tokens.js';
import { PeerSecurity } from '../../security/index.js';
import type {
  TransportAnswer,
  TransportLink,
} from '../../transport/link/index.js';
import type { SignedRequest } from '../../transport/peer-transport.interface.js';
import { StaleRequestError } from '../../transport/transport.error.js';
import { onAbort } from '../../util/abort-listeners.js';
import {
  untilIdle,
  type MessageLane,
  type OutgoingMessage,
} from './outgoing-message.js';
import {
  BROADCAST_PATH,
  isSuccess,
  PEER_ID_HEADER,
} from '../../wire/endpoints.js';
import { jsonOf, type JsonValue } from '../../wire/json.js';
import {
  ConnectionLostError,
  MessageAbortedError,
  MessageTimeoutError,
} from '../messaging.errors.js';
import {
  answerError,
  isNoChannel,
  isUnknownSender,
  replyFault,
} from './replies.js';

/** Fewer peers than these are written to one by one: they have streams. */
const WORTHWHILE = 2;

/** Carries one body to all peers at once, where the transport can. */
@Injectable()
export class BroadcastLane
  implements BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #open = new Set<SharedMessage>();
  readonly #unsubscribe: (() => void) | undefined;

  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #link: TransportLink | undefined;
  readonly #security: PeerSecurity;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
    @Inject(PEER_LINK) link: TransportLink | undefined,
    security: PeerSecurity,
  ) {
    this.#core = core;
    this.#options = options;
    this.#link = link;
    this.#security = security;
    if (link?.broadcast) {
      this.#unsubscribe = core.onEvent((event) => this.#follow(event));
    }
  }

  /**
   * The way of a message to several peers, undefined where each gets its own. `send()` it to each of them, and
   * then `start()` it.
   *
   * @param otherwise takes it to those that want one of their own
   */
  share(
    message: OutgoingMessage,
    peers: number,
    otherwise: MessageLane,
  ): SharedMessage | undefined {
    if (!this.#link?.broadcast || peers < WORTHWHILE) {
      return undefined;
    }
    const shared: SharedMessage = new SharedMessage({
      message,
      otherwise,
      link: this.#link,
      security: this.#security,
      core: this.#core,
      limits: this.#options.limits,
      onEnd: () => this.#open.delete(shared),
    });
    this.#open.add(shared);
    return shared;
  }

  /** The messages of this peer get their replies before it goes, within the time that closing may take. */
  beforeApplicationShutdown(): Promise<void> {
    return untilIdle(() => this.#open.size > 0, this.#options.shutdownTimeout);
  }

  onApplicationShutdown(): void {
    this.#unsubscribe?.();
  }

  #follow(event: MembershipEvent): void {
    // A peer that leaves finishes what it has.
    if (event.type === 'peer.left' && event.reason !== 'left') {
      const cause = new Error(`the peer is gone (${event.reason})`);
      for (const shared of this.#open) {
        shared.giveUp(event.member.id, cause);
      }
    }
  }
}

interface SharedMessageConfig {
  message: OutgoingMessage;
  otherwise: MessageLane;
  link: TransportLink;
  security: PeerSecurity;
  core: MembershipCore;
  limits: ResolvedPeerCloudOptions['limits'];
  /** All of it is settled, once. */
  onEnd: () => void;
}

/** Who waits for one member's reply. */
interface Waiting {
  member: Member;
  resolve: (
    reply: JsonValue | undefined | Promise<JsonValue | undefined>,
  ) => void;
  reject: (error: Error) => void;
}

/** One message that goes to all peers at once: what each member makes of it is a promise of its own. */
export class SharedMessage implements MessageLane {
  readonly #waiting = new Map<string, Waiting>();
  #stop = () => {};

  readonly #config: SharedMessageConfig;

  constructor(config: SharedMessageConfig) {
    this.#config = config;
  }

  send(member: Member): Promise<JsonValue | undefined> {
    return new Promise<JsonValue | undefined>((resolve, reject) => {
      this.#waiting.set(member.id, { member, resolve, reject });
    });
  }

  /** All who are to get it are known. */
  start(): void {
    if (this.#waiting.size === 0) {
      this.#config.onEnd();
      return;
    }
    const { message, link, security, core, limits } = this.#config;
    const body = Buffer.from(message.body.json);
    const headers = { ...message.head?.headers, [PEER_ID_HEADER]: core.id };
    const signed = security.exchange.sign({
      origin: 'all peers',
      method: 'POST',
      path: BROADCAST_PATH,
      body,
      headers,
      // For nobody alone.
      receiverId: undefined,
    });
    const stop = link.broadcast!(
      {
        path: BROADCAST_PATH,
        headers: { ...headers, ...signed.headers },
        body,
      },
      {
        maxAnswerBytes: limits.maxAnswerBytes,
        onAnswer: (answer) => this.#onAnswer(signed, answer),
        onLost: (cause) =>
          this.#failAll((id) => new ConnectionLostError(id, { cause })),
      },
    );
    if (!stop) {
      for (const id of this.#waiting.keys()) {
        this.#sendAlone(id);
      }
      return;
    }
    this.#watch(stop);
  }

  /** The member is gone: what waits for it fails. */
  giveUp(peerId: string, cause: Error): void {
    this.#settle(peerId, ({ reject }) =>
      reject(new ConnectionLostError(peerId, { cause })),
    );
  }

  #watch(stop: () => void): void {
    const { deadline, timeout, signal } = this.#config.message;
    const timer = setTimeout(
      () => this.#failAll((id) => new MessageTimeoutError(id, timeout)),
      deadline - performance.now(),
    );
    const ignoreSignal =
      signal &&
      onAbort(signal, () => {
        const { reason: cause } = signal as { reason: unknown };
        this.#failAll((id) => new MessageAbortedError(id, { cause }));
      });
    this.#stop = () => {
      clearTimeout(timer);
      ignoreSignal?.();
      stop();
    };
  }

  #onAnswer(signed: SignedRequest, answer: TransportAnswer): void {
    let id: string | undefined;
    try {
      id = signed.checkAnswer(answer) ?? answer.headers[PEER_ID_HEADER];
    } catch (error) {
      // What nobody signed, or not for this message, says nothing.
      if (error instanceof StaleRequestError) {
        this.#sendAlone(error.signerId);
      }
      return;
    }
    const payload = jsonOf(answer.body);
    if (answer.status === 401 || isUnknownSender(answer.status, payload)) {
      // It has done nothing, and takes what is for it alone.
      this.#sendAlone(id ?? '');
    } else if (id !== undefined) {
      this.#reply(id, answer.status, payload);
    }
  }

  #reply(id: string, status: number, payload: JsonValue | undefined): void {
    const { core, limits, message } = this.#config;
    this.#settle(id, ({ resolve, reject }) => {
      const fault = replyFault(id, payload, limits.maxJsonDepth);
      if (fault) {
        reject(fault);
      } else if (isSuccess(status)) {
        core.noteAlive(id);
        resolve(payload ?? {});
      } else if (isNoChannel(message, status, payload)) {
        resolve(undefined);
      } else {
        reject(answerError(id, status, payload));
      }
    });
  }

  #sendAlone(id: string): void {
    const { otherwise, message } = this.#config;
    this.#settle(id, ({ member, resolve }) =>
      resolve(otherwise.send(member, message)),
    );
  }

  #failAll(errorOf: (id: string) => Error): void {
    for (const id of this.#waiting.keys()) {
      this.#settle(id, ({ reject }) => reject(errorOf(id)));
    }
  }

  #settle(id: string, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting) {
      this.#waiting.delete(id);
      settle(waiting);
      this.#checkEnd();
    }
  }

  #checkEnd(): void {
    if (this.#waiting.size === 0) {
      this.#stop();
      this.#config.onEnd();
    }
  }
}
