import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { stackOf } from '../errors/error-text.js';
import { handlerFailed } from './membership.messages.js';
import { MembershipEvents } from './membership-events.js';
import { isMessageEvent, MessageEvents } from './message-events.js';
import type { PeerEvent, PeerEventName } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';

type Call = (event: PeerEvent) => unknown;

/** Calls the decorated methods at their events. What they throw ends here. */
@Injectable()
export class PeerEventDispatcher
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #logger = new Logger('PeerCloud');
  readonly #messages: MessageEvents;
  readonly #handlers = new Map<
    PeerEventName,
    { handler: string; call: Call }[]
  >();

  readonly #membership: MembershipEvents;

  constructor(membership: MembershipEvents, directory: PeerDirectory) {
    this.#membership = membership;
    this.#messages = new MessageEvents(
      () => directory.self.id,
      (event) => this.#dispatch(event),
    );
  }

  onModuleInit(): void {
    this.#membership.events$.subscribe((event) => this.#dispatch(event));
  }

  onApplicationShutdown(): void {
    this.#messages.stop();
  }

  /** @param handler its name in the log, as in `CacheService.drop` */
  add(event: PeerEventName, handler: string, call: Call): void {
    const list = this.#handlers.get(event) ?? [];
    list.push({ handler, call });
    this.#handlers.set(event, list);
    if (isMessageEvent(event)) {
      this.#messages.listen(event);
    }
  }

  #dispatch(event: PeerEvent): void {
    for (const { handler, call } of this.#handlers.get(event.type) ?? []) {
      void this.#run(handler, call, event);
    }
  }

  async #run(handler: string, call: Call, event: PeerEvent): Promise<void> {
    try {
      await call(event);
    } catch (error) {
      this.#logger.error(handlerFailed(handler, event.type), stackOf(error));
    }
  }
}
