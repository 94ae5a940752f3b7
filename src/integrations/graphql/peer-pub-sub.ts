import {
  BadRequestException,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { PubSubEngine } from 'graphql-subscriptions';
import { MessagingService, type Peer, type PeerChannel } from '../../index.js';

const CHANNEL = 'nestjs-peercloud/graphql';

/** Peers about which there is a line in the log already. */
const MAX_LINES = 256;

type Listener = (payload: unknown) => unknown;

/** One event, as the channel carries it. */
interface PublishedEvent {
  trigger: string;
  /** Left out where it is undefined. */
  payload?: unknown;
}

/**
 * The PubSub of graphql-subscriptions over all replicas: what one publishes reaches the subscriptions of
 * each. A provider of the app, beside `PeerCloudModule.forRoot({ isGlobal: true })`.
 */
@Injectable()
export class PeerPubSub
  extends PubSubEngine
  implements OnModuleInit, OnModuleDestroy
{
  readonly #logger = new Logger('PeerPubSub');
  readonly #channel: PeerChannel;
  readonly #listeners = new Map<string, Map<number, Listener>>();
  readonly #triggers = new Map<number, string>();
  readonly #lines = new Set<string>();
  #lastId = 0;
  #endHandling: () => void = () => undefined;

  constructor(messaging: MessagingService) {
    super();
    this.#channel = messaging.channel(CHANNEL);
  }

  onModuleInit(): void {
    // Nest may call it once for each token that the app provides it by.
    this.#endHandling();
    this.#endHandling = this.#channel.handle((body, sender) => {
      const event = body as Partial<PublishedEvent>;
      if (typeof event.trigger !== 'string') {
        this.#refuse(sender);
      }
      this.#deliver(event.trigger, event.payload);
      return {};
    });
  }

  onModuleDestroy(): void {
    this.#endHandling();
  }

  /**
   * Gives the payload to the subscriptions of this replica, and sends it to all others: at most once each,
   * and without waiting for them. Everybody gets what JSON makes of it, this replica too.
   *
   * @throws MessageError (`INVALID_BODY`) for what JSON cannot carry; nobody gets it
   */
  async publish(triggerName: string, payload: unknown): Promise<void> {
    const event: PublishedEvent = { trigger: triggerName, payload };
    void this.#tellOthers(event);
    const copy = JSON.parse(JSON.stringify(event)) as PublishedEvent;
    this.#deliver(triggerName, copy.payload);
  }

  /** @returns an id for `unsubscribe()` */
  async subscribe(
    triggerName: string,
    // As in the class that it extends.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
    onMessage: Function,
  ): Promise<number> {
    const id = ++this.#lastId;
    const listeners = this.#listeners.get(triggerName) ?? new Map();
    this.#listeners.set(triggerName, listeners.set(id, onMessage));
    this.#triggers.set(id, triggerName);
    return id;
  }

  unsubscribe(subId: number): void {
    const trigger = this.#triggers.get(subId);
    const listeners = this.#listeners.get(trigger ?? '');
    this.#triggers.delete(subId);
    listeners?.delete(subId);
    if (trigger !== undefined && listeners?.size === 0) {
      this.#listeners.delete(trigger);
    }
  }

  #deliver(trigger: string, payload: unknown): void {
    for (const listener of this.#listeners.get(trigger)?.values() ?? []) {
      try {
        listener(payload);
      } catch (error) {
        this.#logger.error(`a subscription to "${trigger}" failed`, error);
      }
    }
  }

  /** @throws MessageError (`INVALID_BODY`), at once */
  #tellOthers(event: PublishedEvent): Promise<void> {
    const broadcast = this.#channel.broadcast(event);
    return broadcast.then((results) => {
      for (const { peer, error } of results) {
        if (error) {
          this.#logger.debug(
            `"${event.trigger}" has perhaps not reached peer ${peer.id}: ${error.message}`,
          );
        }
      }
    });
  }

  /** @throws BadRequestException */
  #refuse(sender: Peer): never {
    const line = `refuses what peer ${sender.id} has published: it has no trigger`;
    if (!this.#lines.has(line) && this.#lines.size < MAX_LINES) {
      this.#lines.add(line);
      this.#logger.warn(line);
    }
    throw new BadRequestException('an event has a trigger');
  }
}
