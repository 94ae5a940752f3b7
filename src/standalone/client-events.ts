import { EventEmitter } from 'node:events';
import type { Subscription } from 'rxjs';
import type { LeaveReason } from '../membership/core/membership.types.js';
import type { MembershipService } from '../membership/membership.service.js';
import { isMessageEvent, MessageEvents } from '../membership/message-events.js';
import type { PeerEvent } from '../membership/peer-cloud.events.js';
import type { JsonObject, JsonValue } from '../wire/json.js';
import { standalonePeer } from './standalone-peer.js';
import type { StandalonePeer } from './standalone.types.js';

/** What the listeners of each event get. */
export interface ClientEventMap {
  'cloud.joined': { type: 'cloud.joined' };
  'cloud.left': { type: 'cloud.left' };
  'peer.joined': { type: 'peer.joined'; peer: StandalonePeer };
  'peer.left': { type: 'peer.left'; peer: StandalonePeer; reason: LeaveReason };
  'peer.updated': {
    type: 'peer.updated';
    peer: StandalonePeer;
    /** The peer's data before. */
    previous: JsonObject;
  };
  'peer.suspected': { type: 'peer.suspected'; peer: StandalonePeer };
  'peer.recovered': { type: 'peer.recovered'; peer: StandalonePeer };
  'message.sent': {
    type: 'message.sent';
    peer: StandalonePeer;
    body: JsonValue;
  };
  'message.received': {
    type: 'message.received';
    peer: StandalonePeer;
    body: JsonValue;
  };
  'message.failed': {
    type: 'message.failed';
    peer: StandalonePeer;
    body: JsonValue;
    error: Error;
  };
}

type Listener = (event: any) => void;

/** Brings the events of one peer to the listeners of its client. */
export class ClientEvents {
  readonly #emitter = new EventEmitter();
  readonly #messages: MessageEvents;
  readonly #subscription: Subscription;

  constructor(membership: MembershipService) {
    const emit = (event: PeerEvent) =>
      this.#emitter.emit(event.type, translate(event));
    this.#subscription = membership.events$.subscribe(emit);
    this.#messages = new MessageEvents(() => membership.self.id, emit);
  }

  on(name: keyof ClientEventMap, listener: Listener): void {
    this.#emitter.on(name, listener);
    if (isMessageEvent(name)) {
      this.#messages.listen(name);
    }
  }

  off(name: keyof ClientEventMap, listener: Listener): void {
    this.#emitter.off(name, listener);
  }

  /** Ends the events; the listeners hear nothing more. */
  stop(): void {
    this.#subscription.unsubscribe();
    this.#messages.stop();
    this.#emitter.removeAllListeners();
  }
}

/** The same event, with the peer in the form of the original. */
function translate(event: PeerEvent): object {
  if (!('peer' in event)) {
    return event;
  }
  const peer = standalonePeer(event.peer);
  return event.type === 'peer.updated'
    ? { ...event, peer, previous: event.previous.data }
    : { ...event, peer };
}
