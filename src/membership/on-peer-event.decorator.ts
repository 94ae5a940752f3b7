import type { PeerEventName } from './peer-cloud.events.js';

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
