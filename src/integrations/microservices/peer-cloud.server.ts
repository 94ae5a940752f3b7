import { Injectable } from '@nestjs/common';
import {
  Server,
  type MessageHandler,
  type MsPattern,
} from '@nestjs/microservices';
import {
  connectable,
  finalize,
  isObservable,
  type Observable,
  Subject,
  type Subscription,
} from 'rxjs';
import {
  MessagingService,
  OptionsError,
  type JsonValue,
  type MessageMetadata,
  type Peer,
} from '../../index.js';
import { groupTaken, noEvents } from './microservices.messages.js';
import { TAKEN, type Answer } from './packets.js';
import { PatternDirectory, type PacketHandler } from './pattern-directory.js';
import { PeerCloudContext } from './peer-cloud.context.js';
import { errorOf, ReplyTable } from './reply-values.js';

/** Names this transport, for handlers of it alone: `@MessagePattern('sum', PEER_CLOUD_TRANSPORT)`. */
export const PEER_CLOUD_TRANSPORT = Symbol.for('nestjs-peercloud');

/** The group of handlers that take every event. */
const EVERYBODY = '';

/**
 * Nest's microservice transport over the cloud, on the port of everything else:
 *
 * ```ts
 * app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
 * await app.startAllMicroservices();
 * ```
 *
 * A request goes to one of the peers that have the pattern as `@MessagePattern()`. An event goes to all that
 * have it as `@EventPattern()`; of those with `@EventPattern(pattern, { group: 'billing' })`, to one in each group.
 */
@Injectable()
export class PeerCloudServer extends Server {
  override transportId = PEER_CLOUD_TRANSPORT;

  readonly #directory: PatternDirectory;
  readonly #events = new Map<string, Map<string, MessageHandler[]>>();
  readonly #replies = new ReplyTable();
  #leaving: Subscription | undefined;

  /** @internal */
  constructor(directory: PatternDirectory) {
    super();
    this.#directory = directory;
  }

  /** @throws OptionsError for a group that is no name */
  override addHandler(
    pattern: MsPattern,
    handler: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    if (!isEventHandler) {
      super.addHandler(pattern, handler, isEventHandler, extras);
      return;
    }
    const { group = EVERYBODY } = extras;
    if (typeof group !== 'string' || group.length > 1024) {
      throw new OptionsError('group', group, groupTaken);
    }
    const route = this.normalizePattern(pattern);
    const groups =
      this.#events.get(route) ?? new Map<string, MessageHandler[]>();
    groups.set(group, [...(groups.get(group) ?? []), handler]);
    this.#events.set(route, groups);
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      const { membership } = this.#directory.begin();
      this.#leaving = membership.events$.subscribe((event) => {
        if (event.type === 'peer.left') {
          this.#replies.endAllOf(event.peer.id);
        }
      });
      this.#directory.publish(
        {
          requests: [...this.messageHandlers.keys()],
          events: [...this.#events].flatMap(([route, groups]) =>
            [...groups.keys()].map((group): [string, string] => [route, group]),
          ),
        },
        this.#handle,
      );
    } catch (error) {
      callback(error);
      return;
    }
    this._status$.next('listening');
    callback();
  }

  close(): void {
    this.#leaving?.unsubscribe();
    this.#replies.endAll();
    this.#directory.publish(undefined);
    this._status$.next('closed');
  }

  /** @throws Error always: there is no socket of its own */
  on(): never {
    throw new Error(noEvents);
  }

  /** The MessagingService of the cloud. */
  unwrap<T = MessagingService>(): T {
    return this.#directory.begin().messaging as T;
  }

  readonly #handle: PacketHandler = (packet, sender, metadata) => {
    if ('send' in packet) {
      return this.#request(packet.send, packet, sender, metadata);
    }
    if ('emit' in packet) {
      return this.#event(packet.emit, packet, sender, metadata);
    }
    if ('next' in packet) {
      return this.#replies.next(sender.id, packet.next, packet.wait);
    }
    this.#replies.end(sender.id, packet.end);
    return TAKEN;
  };

  #request(
    pattern: string,
    { id, data }: { id: number; data: JsonValue },
    sender: Peer,
    metadata: MessageMetadata,
  ): Answer | Promise<Answer> {
    const handler = this.messageHandlers.get(pattern);
    if (!handler) {
      return { none: true };
    }
    const context = new PeerCloudContext([sender, pattern, metadata]);
    return this.#processed(context, async (end) => {
      let result: unknown;
      try {
        result = await handler(data, context);
      } catch (reason) {
        // A filter of the app has thrown itself.
        end();
        return { values: [], error: errorOf(reason) };
      }
      if (isObservable(result)) {
        return this.#replies.open(sender.id, id, result.pipe(finalize(end)));
      }
      end();
      return { values: result === undefined ? [] : [result as JsonValue] };
    });
  }

  /** Answered before its handlers run: an event has no reply. */
  #event(
    pattern: string,
    { data, group }: { data: JsonValue; group: string },
    sender: Peer,
    metadata: MessageMetadata,
  ): Answer {
    const handlers = this.#events.get(pattern)?.get(group);
    if (!handlers) {
      return { none: true };
    }
    const context = new PeerCloudContext([sender, pattern, metadata]);
    for (const handler of handlers) {
      void this.#processed(context, async (end) => {
        try {
          const result: unknown = await handler(data, context);
          if (isObservable(result)) {
            run(result.pipe(finalize(end)));
            return;
          }
        } catch (error) {
          this.handleError(error as string);
        }
        end();
      });
    }
    return TAKEN;
  }

  /** Between the hooks of Nest that traces hang on. The work ends it once. */
  #processed<T>(
    context: PeerCloudContext,
    work: (end: () => void) => Promise<T>,
  ): Promise<T> {
    const end = () => this.onProcessingEndHook?.(this.transportId, context);
    let done: Promise<T> | undefined;
    let begun: (() => void) | undefined;
    this.onProcessingStartHook(this.transportId, context, () => {
      done = work(end);
      begun?.();
      return done;
    });
    // A hook may let it begin later.
    return (
      done ??
      new Promise<void>((resolve) => (begun = resolve)).then(() => done!)
    );
  }
}

/** As Nest runs what an event's handler returns: whatever it gives goes to nobody. */
function run(source: Observable<unknown>): void {
  connectable(source, { connector: () => new Subject() }).connect();
}
