import { Inject, Injectable } from '@nestjs/common';
import {
  type Member,
  type MembershipCore,
  type Peer,
  PeerDirectory,
  type PeerLane,
  type SendOptions,
} from '../membership/index.js';
import { OptionsError, readNumber } from '../options/option-checks.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import type { JsonValue } from '../wire/json.js';
import { isChannelName } from '../wire/message-head.js';
import { Broadcast, type BroadcastOptions } from './broadcast.js';
import { MessageRouter } from './handlers/index.js';
import {
  BroadcastLane,
  HEAD_FEATURE,
  MessageBody,
  OutgoingHead,
  REPLIES_FEATURE,
  ReplyReader,
  SelfLane,
  type MessageLane,
  type OutgoingMessage,
} from './lanes/index.js';
import {
  failedChannel,
  sentChannel,
  type MessageNotice,
} from './message-channels.js';
import {
  MessageTraces,
  type ChannelTracing,
  type MessageTracer,
} from './message-traces.js';
import { MessageAbortedError, NoSuchPeerError } from './messaging.errors.js';
import { PeerChannel } from './peer-channel.js';
import { StreamLane } from './stream/index.js';

/** A timeout in ms; the longest is what a timer of Node can hold. */
const TIMEOUT_RULE = { min: 1, max: 2 ** 31 - 1, default: 0 };

/** Whom the error names when a body is wrong for every peer. */
const ALL_PEERS = '*';

/** Sends messages to peers (PROTOCOL.md, section 2, `/message`). */
@Injectable()
export class MessagingService {
  readonly #directory: PeerDirectory;
  readonly #router: MessageRouter;
  readonly #self: SelfLane;
  readonly #stream: StreamLane;
  readonly #broadcasts: BroadcastLane;
  readonly #traces: MessageTraces;
  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;

  /** @internal */
  constructor(
    directory: PeerDirectory,
    router: MessageRouter,
    self: SelfLane,
    stream: StreamLane,
    broadcasts: BroadcastLane,
    traces: MessageTraces,
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#directory = directory;
    this.#router = router;
    this.#self = self;
    this.#stream = stream;
    this.#broadcasts = broadcasts;
    this.#traces = traces;
    this.#core = core;
    this.#options = options;
  }

  /**
   * Sends a message to one peer, or to oneself without the network, and resolves to the reply. Delivery is
   * at most once: after `CONNECTION_LOST`, `TIMEOUT`, `ABORTED` and some of `BAD_STATUS` (`payload.code`
   * `BAD_ANSWER`) it is unknown whether it was handled.
   *
   * @param peer a peer, or the id of one
   * @param body a JSON object; it is copied, also on the way to oneself. At once, unless
   *   `messaging.stream.maxQueuedBytes` wait already: then when its turn comes, and it should stay as it is
   * @throws MessageError: `NO_SUCH_PEER`, `PEER_LEFT`, `UNREACHABLE` (not delivered), `CONNECTION_LOST`, `TIMEOUT`,
   *   `ABORTED`, `BAD_STATUS`, `NO_HANDLER`, `INVALID_REPLY`, `OVERLOADED` (not delivered), `INVALID_BODY`
   * @throws OptionsError for a timeout that is no number of ms, and for metadata that is too large
   */
  send<T = JsonValue>(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): Promise<T> {
    return this.#send(undefined, peer, body, options) as Promise<T>;
  }

  /**
   * Sends a message to all peers but oneself, or to some of them, at once. Await it for all results in the
   * order of `peers()`, iterate it for each result when it comes, or use its `take(n)` and `quorum(n)`. The
   * timeout counts from the start for all. A peer that fails is a result with an `error`.
   *
   * @throws MessageError (`INVALID_BODY`) and OptionsError, at once
   */
  broadcast<T = JsonValue>(
    body: unknown,
    options?: BroadcastOptions,
  ): Broadcast<T> {
    return this.#broadcast<T>(undefined, body, options);
  }

  /**
   * Sends a message to one peer, or to oneself, and gives the replies one by one: the values of a handler
   * that returns an observable or an async iterable, or the one reply of any other. The message is sent when
   * the first reply is asked for. To be iterated once, to its end or until the loop is left, which ends the
   * handler. An async iterable does not run ahead of its reader; what an observable emits meanwhile waits
   * within `messaging.stream.maxQueuedBytes`, over which it ends with `BAD_STATUS`, `payload.code`
   * `REPLIES_NOT_READ`. Where only `/message` leads to the peer, and from peers without the feature
   * `replies`, the last value comes alone.
   *
   * @param options `timeout` is the time until the first reply, and then what the reader waits for each
   *   further one; `signal` ends it
   * @throws MessageError (`INVALID_BODY`) and OptionsError, at once; iterating it throws what `send()`
   *   rejects with, after the replies that came before
   */
  stream<T = JsonValue>(
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): AsyncIterable<T> {
    return this.#replies(undefined, peer, body, options) as AsyncIterable<T>;
  }

  /**
   * A named conversation between peers, for integrations; the same for each call with the same name.
   *
   * @param name 1 to 64 letters, digits and `_ . : / -`; a package's own name as its beginning
   *   (`acme-jobs/runs`) keeps it apart from others
   * @param tracing what traces say of its messages; holds for all calls with the same name
   * @throws OptionsError for another name
   */
  channel(name: string, tracing?: ChannelTracing): PeerChannel {
    if (!isChannelName(name)) {
      throw new OptionsError(
        'channel',
        name,
        'must be 1 to 64 letters, digits and _ . : / -',
      );
    }
    if (tracing) {
      this.#traces.describe(name, tracing);
    }
    const head = new OutgoingHead(name);
    return new PeerChannel(name, {
      send: (peer, body, options) => this.#send(head, peer, body, options),
      broadcast: (body, options) => this.#broadcast(head, body, options),
      stream: (peer, body, options) => this.#replies(head, peer, body, options),
      handle: (handler) => this.#router.registerChannel(name, handler),
    });
  }

  /**
   * Has a tracer run around every message that this peer sends or handles, those of channels too. While there
   * is none, it costs nothing.
   *
   * @returns what ends it
   */
  trace(tracer: MessageTracer): () => void {
    return this.#traces.add(tracer);
  }

  /** Messages of this peer that wait, at this moment, until they can be sent: for a stream, or for room in one. */
  get waiting(): number {
    return this.#stream.waiting;
  }

  /** @internal */
  lane(peerId: string): PeerLane | undefined {
    return this.#stream.lane(peerId);
  }

  #send(
    channel: OutgoingHead | undefined,
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): Promise<JsonValue | undefined> {
    try {
      const id = typeof peer === 'string' ? peer : peer.id;
      const message = this.#prepare(
        new MessageBody(body, id),
        channel,
        options,
      );
      return this.#deliver(id, message);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #broadcast<T>(
    channel: OutgoingHead | undefined,
    body: unknown,
    options?: BroadcastOptions,
  ): Broadcast<T> {
    const message = this.#prepare(
      new MessageBody(body, ALL_PEERS),
      channel,
      options,
    );
    // Also the check that JSON can carry it: one error instead of one for each peer.
    void message.body.json;
    const peers = this.#receivers(options);
    if (!this.#traces.isOn) {
      return this.#broadcastTo(peers, options, message);
    }
    const trace = {
      self: this.#core.id,
      pattern: this.#traces.patternOf(channel?.channel, message.body.value),
      channel: channel?.channel,
      metadata: { ...message.head?.metadata },
      peers: peers.length,
    };
    return this.#traces.broadcast(trace, () =>
      this.#broadcastTo(peers, options, {
        ...message,
        head: OutgoingHead.withAdded(message.head, trace.metadata),
      }),
    );
  }

  #broadcastTo<T>(
    peers: readonly Peer[],
    options: BroadcastOptions | undefined,
    message: OutgoingMessage,
  ): Broadcast<T> {
    // Some of the peers are written to one by one.
    const shared = options?.to
      ? undefined
      : this.#broadcasts.share(message, peers.length, this.#stream);
    const sent = shared ? { ...message, shared } : message;
    const broadcast = new Broadcast<T>({
      peers,
      concurrency: shared
        ? peers.length
        : this.#options.messaging.broadcastConcurrency,
      send: (peer) => this.#deliver(peer.id, sent) as Promise<T>,
    });
    shared?.start();
    return broadcast;
  }

  #replies(
    channel: OutgoingHead | undefined,
    peer: Peer | string,
    body: unknown,
    options?: SendOptions,
  ): ReplyReader {
    const peerId = typeof peer === 'string' ? peer : peer.id;
    const message = this.#prepare(
      new MessageBody(body, peerId),
      channel,
      options,
    );
    void message.body.json;
    const { timeout, signal, head = new OutgoingHead() } = message;
    return new ReplyReader({
      peerId,
      timeout,
      signal,
      send: (reader) => {
        const deadline = performance.now() + timeout;
        const { signal } = reader;
        return this.#deliver(peerId, {
          ...message,
          head,
          deadline,
          signal,
          reader,
        });
      },
    });
  }

  #receivers({ includeSelf, to }: BroadcastOptions = {}): Peer[] {
    const peers = this.#directory.list();
    if (includeSelf) {
      peers.unshift(this.#directory.self);
    }
    return to ? peers.filter((peer) => to(peer)) : peers;
  }

  #prepare(
    body: MessageBody,
    channel: OutgoingHead | undefined,
    options?: SendOptions,
  ): OutgoingMessage {
    const metadata = options?.metadata;
    const head =
      metadata === undefined
        ? channel
        : new OutgoingHead(channel?.channel, metadata);
    const timeout =
      options?.timeout === undefined
        ? this.#options.messageTimeout
        : readNumber(options.timeout, 'timeout', TIMEOUT_RULE);
    const deadline = performance.now() + timeout;
    return { body, head, timeout, deadline, signal: options?.signal };
  }

  /** Not an async function: each promise around the reply costs as much as the reply. */
  #deliver(
    id: string,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const member = id === this.#core.id ? this.#core.self : this.#core.get(id);
    if (!member) {
      const hasLeft = this.#core.hasLeft(id);
      return Promise.reject(new NoSuchPeerError(id, { hasLeft }));
    }
    return this.#traces.isOn
      ? this.#deliverTraced(member, message)
      : this.#deliverTo(member, message);
  }

  #deliverTraced(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const { body, head } = message;
    const channel = head?.channel;
    const metadata = { ...head?.metadata };
    return this.#traces.message(
      {
        self: this.#core.id,
        side: 'sender',
        peer: this.#directory.of(member),
        pattern: this.#traces.patternOf(channel, body.value),
        channel,
        metadata,
      },
      () =>
        this.#deliverTo(member, {
          ...message,
          head: OutgoingHead.withAdded(head, metadata),
        }),
      (reply) => this.#traces.verdictOf(channel, reply),
    );
  }

  #deliverTo(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const { head, reader, signal } = message;
    if (signal?.aborted) {
      const { reason } = signal as { reason: unknown };
      return Promise.reject(
        new MessageAbortedError(member.id, { cause: reason }),
      );
    }
    if (reader && !member.features.includes(REPLIES_FEATURE)) {
      return this.#deliverTo(member, { ...message, reader: undefined });
    }
    if (head && !member.features.includes(HEAD_FEATURE)) {
      return head.channel === undefined
        ? this.#sendAloud(member, { ...message, head: undefined })
        : Promise.resolve(undefined);
    }
    return head?.channel === undefined
      ? this.#sendAloud(member, message)
      : this.#laneOf(member, message).send(member, message);
  }

  #laneOf({ id }: Member, { shared }: OutgoingMessage): MessageLane {
    return id === this.#core.id ? this.#self : (shared ?? this.#stream);
  }

  /** Sends a message of the application, with its events. */
  #sendAloud(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    if (sentChannel.hasSubscribers) {
      sentChannel.publish(this.#notice(member, message));
    }
    const reply = this.#laneOf(member, message).send(member, message);
    if (failedChannel.hasSubscribers) {
      reply.catch((error: unknown) => {
        // That nobody reads on is no failure.
        if (!message.reader?.hasLeft) {
          failedChannel.publish({ ...this.#notice(member, message), error });
        }
      });
    }
    return reply;
  }

  #notice(member: Member, { body }: OutgoingMessage): MessageNotice {
    return {
      self: this.#core.id,
      peer: this.#directory.of(member),
      body: body.value,
    };
  }
}
