import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import {
  type MembershipCore,
  type Member,
  type MembershipEvent,
  PeerDirectory,
} from '../../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  REQUESTS_IN_WORK,
} from '../../../options/peer-cloud.tokens.js';
import { BodyBudget, PeerSecurity } from '../../../security/index.js';
import { Semaphore } from '../../../util/semaphore.js';
import { MessageRouter } from '../../handlers/index.js';
import {
  BEATS,
  Heartbeat,
  StreamError,
  type OpenSocket,
} from '../framing/index.js';
import type { ResolvedStreamOptions } from '../../messaging.options.js';
import {
  IncomingStream,
  type IncomingStreamConfig,
  type IncomingStreamOwner,
} from './incoming-stream.js';
import { SenderLoad } from './running-handlers.js';

/** What one sender has here; kept while it has a stream, or handlers of one that is gone are at work. */
interface Entry {
  /** The oldest first. */
  readonly streams: Set<IncomingStream>;
  readonly loads: SenderLoads;
}

/** What a sender has at work. */
interface SenderLoads {
  load: SenderLoad;
  /** Handlers that may have several replies; they count by themselves, as they wait for what their sender says. */
  replyLoad: SenderLoad;
}

/** The streams that are open here, by their senders, and what each sender has at work. */
class SenderStreams {
  readonly #entries = new Map<string, Entry>();
  #open = 0;

  readonly #createLoads: (onIdle: () => void) => SenderLoads;

  /** @param createLoads what a sender may have at work, who calls back when nothing of a kind is */
  constructor(createLoads: (onIdle: () => void) => SenderLoads) {
    this.#createLoads = createLoads;
  }

  /** True while no stream is open. */
  get isEmpty(): boolean {
    return this.#open === 0;
  }

  loadsOf(senderId: string): SenderLoads {
    return this.#entryOf(senderId).loads;
  }

  add(stream: IncomingStream): void {
    this.#open++;
    this.#entryOf(stream.sender.id).streams.add(stream);
  }

  delete(stream: IncomingStream): void {
    const { id } = stream.sender;
    if (this.#entries.get(id)?.streams.delete(stream)) {
      this.#open--;
      this.#forgetIfIdle(id);
    }
  }

  /** The oldest first. */
  of(senderId: string): IncomingStream[] {
    return [...(this.#entries.get(senderId)?.streams ?? [])];
  }

  all(): IncomingStream[] {
    return [...this.#entries.values()].flatMap(({ streams }) => [...streams]);
  }

  #entryOf(senderId: string): Entry {
    let entry = this.#entries.get(senderId);
    if (!entry) {
      const streams = new Set<IncomingStream>();
      const loads = this.#createLoads(
        () => streams.size === 0 && this.#forgetIfIdle(senderId),
      );
      entry = { streams, loads };
      this.#entries.set(senderId, entry);
    }
    return entry;
  }

  #forgetIfIdle(senderId: string): void {
    const entry = this.#entries.get(senderId);
    const { load, replyLoad } = entry?.loads ?? {};
    if (entry?.streams.size === 0 && load?.isIdle && replyLoad?.isIdle) {
      this.#entries.delete(senderId);
    }
  }
}

/**
 * Ms between two signs of life on streams that are not read for now: their openers take a message without
 * any sign for longer than that as a reason to dial again.
 */
const HELD_SIGNS = 250;

/** Keeps the streams that other peers have opened to this one. */
@Injectable()
export class StreamAcceptor
  implements IncomingStreamOwner, BeforeApplicationShutdown
{
  readonly #streams: SenderStreams;
  readonly #options: ResolvedStreamOptions | false;
  readonly #heartbeat: Heartbeat;
  readonly #heldSigns: Heartbeat;
  // Messages belong to no request context of the app that happened to carry the stream.
  readonly #outside = AsyncLocalStorage.snapshot();
  #draining = false;
  #onEmpty: (() => void) | undefined;

  readonly #core: MembershipCore;
  readonly #cloud: ResolvedPeerCloudOptions;
  readonly #router: MessageRouter;
  readonly #directory: PeerDirectory;
  readonly #budget: BodyBudget;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    cloud: ResolvedPeerCloudOptions,
    router: MessageRouter,
    directory: PeerDirectory,
    @Inject(REQUESTS_IN_WORK) requests: Semaphore,
    budget: BodyBudget,
    security: PeerSecurity,
  ) {
    this.#core = core;
    this.#cloud = cloud;
    this.#router = router;
    this.#directory = directory;
    this.#budget = budget;
    this.#options = cloud.messaging.stream;
    const withReplies = new Semaphore(cloud.limits.maxRequests);
    this.#streams = new SenderStreams((onIdle) => ({
      load: new SenderLoad(this.#maxInFlight, requests, onIdle),
      replyLoad: new SenderLoad(this.#maxInFlight, withReplies, onIdle),
    }));
    const interval = this.#options
      ? this.#options.heartbeatInterval / BEATS
      : 1000;
    this.#heartbeat = new Heartbeat(interval, (now, stalled) => {
      for (const stream of this.#streams.all()) {
        stream.beat(now, stalled);
      }
    });
    this.#heldSigns = new Heartbeat(HELD_SIGNS, () => this.#signIfHeld());
    core.onEvent((event) => this.#follow(event));
    // Who has left is on no list any more, but may still have a stream.
    security.onTrustChange((trusts) => this.#breakUntrusted(trusts));
    security.onSecretsChange(() => this.#streams.all().forEach(this.#seeOut));
  }

  /** Status under which streams are refused now; undefined: they are taken. */
  get refusal(): 404 | 503 | undefined {
    if (!this.#options) {
      return 404;
    }
    return this.#draining ? 503 : undefined;
  }

  /** Serves a member's stream, whose handshake is over, for as long as it lives. */
  accept(sender: Member, socket: OpenSocket): void {
    const stream = this.#outside(
      () =>
        new IncomingStream(
          this.#directory.of(sender),
          socket,
          this.#configFor(sender),
          this,
        ),
    );
    this.#streams.add(stream);
    const streams = this.#streams.of(sender.id);
    if (streams.length > this.#cloud.limits.maxStreamsPerSender) {
      streams[0]!.break(new StreamError('the sender has too many streams'));
    }
    this.#heartbeat.start();
  }

  /** Streams end before the server closes, which would wait for them. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(
      () => this.#breakAll('this peer shuts down'),
      this.#cloud.shutdownTimeout,
    );
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      for (const stream of this.#streams.all()) {
        stream.drain();
      }
      this.#checkEmpty();
    });
    clearTimeout(timer);
    this.#heartbeat.stop();
    this.#heldSigns.stop();
  }

  onGreeted(stream: IncomingStream, renews: boolean): void {
    if (!renews) {
      // The sender knows of no other stream: what is left of one leads nowhere.
      for (const other of this.#streams.of(stream.sender.id)) {
        if (other !== stream) {
          other.break(new StreamError('the sender has opened another stream'));
        }
      }
    }
  }

  onHeld(): void {
    this.#heldSigns.start();
  }

  onClosed(stream: IncomingStream): void {
    this.#streams.delete(stream);
    this.#checkEmpty();
  }

  /** Messages over streams are requests like others: the limit of those holds as well. */
  get #maxInFlight(): number {
    const { maxInFlight } = this.#options as ResolvedStreamOptions;
    return Math.min(maxInFlight, this.#cloud.limits.maxRequestsPerSender);
  }

  #configFor({ id: senderId, ip }: Member): IncomingStreamConfig {
    const { maxMessageBytes, messageTimeout, limits } = this.#cloud;
    const { heartbeatInterval, maxQueuedBytes } = this
      .#options as ResolvedStreamOptions;
    return {
      id: this.#core.id,
      heartbeat: heartbeatInterval,
      account: this.#budget.open(),
      maxInFlight: this.#maxInFlight,
      ...this.#streams.loadsOf(senderId),
      replyBudget: new BodyBudget(maxQueuedBytes),
      minTime: messageTimeout,
      maxBytes: maxMessageBytes,
      maxDepth: limits.maxJsonDepth,
      status: (body) =>
        this.#core.receiveStatus(body, { senderId, remoteAddress: ip }),
      run: (body, sender, head, replies) =>
        this.#router.run(body, sender, head, replies),
    };
  }

  #follow(event: MembershipEvent): void {
    if (event.type !== 'peer.left') {
      return;
    }
    for (const stream of this.#streams.of(event.member.id)) {
      if (event.reason === 'left') {
        // The last messages of who has left may still be under way.
        this.#seeOut(stream);
      } else {
        stream.break(new StreamError(`the sender is gone (${event.reason})`));
      }
    }
  }

  /** The opener ends the stream itself, and in time. */
  readonly #seeOut = (stream: IncomingStream): void => {
    stream.drain();
    setTimeout(() => {
      if (!stream.isEnded) {
        stream.break(new StreamError('the sender has not ended the stream'));
      }
    }, this.#cloud.messageTimeout).unref();
  };

  #signIfHeld(): void {
    const held = this.#streams.all().filter((stream) => stream.signIfHeld());
    if (held.length === 0) {
      this.#heldSigns.stop();
    }
  }

  #breakUntrusted(trusts: (peerId: string) => boolean): void {
    for (const stream of this.#streams.all()) {
      if (!trusts(stream.sender.id)) {
        stream.break(new StreamError('the key of the sender is not trusted'));
      }
    }
  }

  #breakAll(why: string): void {
    for (const stream of this.#streams.all()) {
      stream.break(new StreamError(why));
    }
  }

  #checkEmpty(): void {
    if (this.#streams.isEmpty) {
      this.#onEmpty?.();
    }
  }
}
