import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type {
  PeerCloudEvent,
  PeerCloudEventName,
} from './peer-cloud.events.js';
import { handlerFailed } from './membership.messages.js';
import { MembershipService } from './membership.service.js';

type Call = (event: PeerCloudEvent) => unknown;

/** Calls the decorated methods at their events. What they throw ends here. */
@Injectable()
export class PeerEventDispatcher implements OnModuleInit {
  private readonly logger = new Logger('PeerCloud');
  private readonly handlers = new Map<
    PeerCloudEventName,
    { handler: string; call: Call }[]
  >();

  constructor(private readonly membership: MembershipService) {}

  onModuleInit(): void {
    this.membership.events$.subscribe((event) => {
      for (const { handler, call } of this.handlers.get(event.type) ?? []) {
        void this.run(handler, call, event);
      }
    });
  }

  /** @param handler its name in the log, as in `CacheService.drop` */
  add(event: PeerCloudEventName, handler: string, call: Call): void {
    const list = this.handlers.get(event) ?? [];
    list.push({ handler, call });
    this.handlers.set(event, list);
  }

  private async run(
    handler: string,
    call: Call,
    event: PeerCloudEvent,
  ): Promise<void> {
    try {
      await call(event);
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      this.logger.error(handlerFailed(handler, event.type), stack);
    }
  }
}
