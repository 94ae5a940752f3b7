import type { PeerEventName } from './peer-cloud.events.js';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import {
  HandlerFinder,
  type FoundInstance,
} from '../discovery/handler-finder.js';
import { handlerCannotHear, handlerHearsTwice } from './membership.messages.js';
import { PeerEventDispatcher } from './peer-event.dispatcher.js';

/** Metadata on a method: the events of its `@OnPeerEvent()` decorators, whichever copy of the package they are of. */
const PEER_EVENTS = 'peercloud:events';

/**
 * Calls the method at each event of that name, with the event as its argument:
 *
 * ```ts
 * @OnPeerEvent('peer.joined')
 * greet({ peer }: PeerJoinedEvent) { … }
 * ```
 *
 * The names are those of `events$`, and `message.sent`, `message.received` and `message.failed`.
 * For methods of any provider or controller that is not request-scoped. Several of these on one method
 * add up. What the method throws is logged and goes no further.
 */
export function OnPeerEvent(name: PeerEventName): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as object;
    Reflect.defineMetadata(
      PEER_EVENTS,
      [...peerEventsOf(method), name],
      method,
    );
  };
}

/** The event names that the decorator wrote on a method. */
export function peerEventsOf(method: object): readonly PeerEventName[] {
  return (Reflect.getMetadata(PEER_EVENTS, method) as PeerEventName[]) ?? [];
}

type Handler = (event: unknown) => unknown;

/** Finds the methods with `@OnPeerEvent()` and hands them to the dispatcher; says which of them cannot work. */
@Injectable()
export class PeerEventExplorer implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');
  /** Where each class with handlers is listed. */
  readonly #places = new Map<object, FoundInstance>();

  readonly #finder: HandlerFinder;
  readonly #dispatcher: PeerEventDispatcher;

  constructor(finder: HandlerFinder, dispatcher: PeerEventDispatcher) {
    this.#finder = finder;
    this.#dispatcher = dispatcher;
  }

  onModuleInit(): void {
    this.#finder.explore((found) => this.#register(found));
  }

  #register(found: FoundInstance): void {
    const { wrapper, owner } = found;
    const methods = found.methods.filter(
      ({ method }) => peerEventsOf(method).length > 0,
    );
    if (methods.length === 0) {
      return;
    }
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      methods.forEach(({ name }) => this.#logger.warn(handlerCannotHear(name)));
      return;
    }
    const other = this.#places.get(owner);
    if (other && other.isController !== found.isController) {
      this.#logger.warn(
        handlerHearsTwice(owner.name, other.place, found.place),
      );
    }
    this.#places.set(owner, found);
    const instance = wrapper.instance as Record<string, Handler>;
    for (const { name, method, methodName } of methods) {
      for (const event of peerEventsOf(method)) {
        this.#dispatcher.add(event, name, (payload) =>
          instance[methodName]!(payload),
        );
      }
    }
  }
}
