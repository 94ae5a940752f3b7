import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import {
  type Member,
  type MembershipCore,
  type MembershipEvent,
  PeerDirectory,
} from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  REQUESTS_IN_WORK,
} from '../../options/peer-cloud.tokens.js';
import {
  BodyBudget,
  PeerSecurity,
  type StreamAcceptance,
} from '../../security/index.js';
import type { Semaphore } from '../../util/semaphore.js';
import { MessageRouter } from '../handlers/index.js';
import { Pulse } from './pulse.js';
import { SenderLoad } from './sender-load.js';
import { SenderStreams } from './sender-streams.js';
import {
  ServerStream,
  type ServerStreamConfig,
  type ServerStreamOwner,
} from './server-stream.js';
import { STREAM_TYPE } from './stream.constants.js';
import { StreamError } from './stream.error.js';
import type { ResolvedStreamOptions } from './stream.options.js';

/** A `/stream` request of a member that passed the gate. */
export interface StreamRequest {
  sender: Member;
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** In a signed cloud: the headers that open the stream, and its codec. */
  acceptance: StreamAcceptance | undefined;
}

/** Keeps the streams that other peers have opened to this one. */
@Injectable()
export class StreamAcceptor
  implements ServerStreamOwner, BeforeApplicationShutdown
{
  readonly #streams: SenderStreams;
  readonly #options: ResolvedStreamOptions | false;
  readonly #pulse: Pulse;
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
    this.#streams = new SenderStreams(
      (onIdle) => new SenderLoad(this.#maxInFlight, requests, onIdle),
    );
    const interval = this.#options ? this.#options.heartbeatInterval / 2 : 1000;
    this.#pulse = new Pulse(interval, (now, stalled) => {
      for (const stream of this.#streams.all()) {
        stream.beat(now, stalled);
      }
    });
    core.onEvent((event) => this.#follow(event));
    // Who has left is on no list any more, but may still have a stream.
    security.onTrustChange((trusts) => this.#breakUntrusted(trusts));
  }

  /** Status under which streams are refused now; undefined: they are taken. */
  get refusal(): 404 | 503 | undefined {
    if (!this.#options) {
      return 404;
    }
    return this.#draining ? 503 : undefined;
  }

  /** Answers the request and serves it for as long as it lives. */
  accept({ sender, incoming, outgoing, acceptance }: StreamRequest): void {
    outgoing.writeHead(200, {
      'content-type': STREAM_TYPE,
      'cache-control': 'no-transform',
      'x-accel-buffering': 'no',
      ...acceptance?.headers,
    });
    outgoing.flushHeaders();
    const stream = this.#outside(
      () =>
        new ServerStream(
          this.#directory.of(sender),
          { incoming, outgoing },
          acceptance?.codec,
          this.#configFor(sender.id, incoming),
          this,
        ),
    );
    this.#streams.add(stream);
    const streams = this.#streams.of(sender.id);
    if (streams.length > this.#cloud.limits.maxStreamsPerSender) {
      streams[0]!.break(new StreamError('the sender has too many streams'));
    }
    this.#pulse.start();
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
    this.#pulse.stop();
  }

  onGreeted(stream: ServerStream, renews: boolean): void {
    if (!renews) {
      // The sender knows of no other stream: what is left of one leads nowhere.
      for (const other of this.#streams.of(stream.sender.id)) {
        if (other !== stream) {
          other.break(new StreamError('the sender has opened another stream'));
        }
      }
    }
  }

  onClosed(stream: ServerStream): void {
    this.#streams.delete(stream);
    this.#checkEmpty();
  }

  /** Messages over streams are requests like others: the limit of those holds as well. */
  get #maxInFlight(): number {
    const { maxInFlight } = this.#options as ResolvedStreamOptions;
    return Math.min(maxInFlight, this.#cloud.limits.maxRequestsPerSender);
  }

  #configFor(
    senderId: string,
    { socket }: IncomingMessage,
  ): ServerStreamConfig {
    const { maxMessageBytes, messageTimeout, limits } = this.#cloud;
    const { heartbeatInterval } = this.#options as ResolvedStreamOptions;
    const { server } = socket as { server?: Server };
    return {
      id: this.#core.id,
      heartbeat: heartbeatInterval,
      account: this.#budget.open(),
      maxInFlight: this.#maxInFlight,
      load: this.#streams.loadOf(senderId),
      minTime: messageTimeout,
      maxBytes: maxMessageBytes,
      maxDepth: limits.maxJsonDepth,
      lifetime: server?.requestTimeout || undefined,
      run: (body, sender, head) => this.#router.run(body, sender, head),
    };
  }

  #follow(event: MembershipEvent): void {
    if (event.type !== 'peer.left') {
      return;
    }
    for (const stream of this.#streams.of(event.member.id)) {
      if (event.reason === 'left') {
        this.#seeOut(stream);
      } else {
        stream.break(new StreamError(`the sender is gone (${event.reason})`));
      }
    }
  }

  /** The last messages of who has left may still be under way: it ends its stream itself, and in time. */
  #seeOut(stream: ServerStream): void {
    stream.drain();
    setTimeout(() => {
      if (!stream.isEnded) {
        stream.break(new StreamError('the sender has left'));
      }
    }, this.#cloud.messageTimeout).unref();
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
