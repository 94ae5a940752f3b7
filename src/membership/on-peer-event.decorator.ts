import type { PeerCloudEventName } from './peer-cloud.events.js';

const PEER_EVENTS = Symbol('PEER_EVENTS');

/**
 * Calls the method at each event of that name, with the event as its argument:
 *
 * ```ts
 * @OnPeerEvent('peer.joined')
 * greet({ peer }: PeerJoinedEvent) { … }
 * ```
 *
 * For methods of any provider or controller that is not request-scoped. Several of these on one method
 * add up. What the method throws is logged and goes no further.
 */
export function OnPeerEvent(name: PeerCloudEventName): MethodDecorator {
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
export function peerEventsOf(method: object): readonly PeerCloudEventName[] {
  return (
    (Reflect.getMetadata(PEER_EVENTS, method) as PeerCloudEventName[]) ?? []
  );
}
