import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { Subscription } from 'rxjs';
import type { LeaveReason } from '../membership/core/membership.types.js';
import type { MembershipService } from '../membership/membership.service.js';
import type { PeerCloudEvent } from '../membership/peer-cloud.events.js';
import type {
  MessageFailureNotice,
  MessageNotice,
} from '../messaging/message-channels.js';
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

const MESSAGE_EVENTS = [
  'message.sent',
  'message.received',
  'message.failed',
] as const;

type MessageEvent = (typeof MESSAGE_EVENTS)[number];

type Listener = (event: any) => void;

/** Brings the events of one peer to the listeners of its client. */
export class ClientEvents {
  private readonly emitter = new EventEmitter();
  private readonly channels = new Map<
    MessageEvent,
    (notice: unknown) => void
  >();
  private readonly subscription: Subscription;

  constructor(private readonly membership: MembershipService) {
    this.subscription = membership.events$.subscribe((event) =>
      this.emitter.emit(event.type, translate(event)),
    );
  }

  on(name: keyof ClientEventMap, listener: Listener): void {
    this.emitter.on(name, listener);
    this.watchMessages();
  }

  off(name: keyof ClientEventMap, listener: Listener): void {
    this.emitter.off(name, listener);
    this.watchMessages();
  }

  /** Ends the events; the listeners hear nothing more. */
  stop(): void {
    this.subscription.unsubscribe();
    this.emitter.removeAllListeners();
    this.watchMessages();
  }

  /** Listens to exactly those channels that somebody wants: an unheard channel costs nothing. */
  private watchMessages(): void {
    for (const name of MESSAGE_EVENTS) {
      const wanted = this.emitter.listenerCount(name) > 0;
      const current = this.channels.get(name);
      if (wanted && !current) {
        const listener = this.messageListener(name);
        this.channels.set(name, listener);
        subscribe(`peercloud:${name}`, listener);
      } else if (!wanted && current) {
        this.channels.delete(name);
        unsubscribe(`peercloud:${name}`, current);
      }
    }
  }

  /** The channels belong to the process, which can have several peers. */
  private messageListener(type: MessageEvent): (notice: unknown) => void {
    return (notice) => {
      const { self, peer, ...rest } = notice as
        MessageNotice | MessageFailureNotice;
      if (self === this.membership.self.id) {
        this.emitter.emit(type, { ...rest, type, peer: standalonePeer(peer) });
      }
    };
  }
}

function translate(
  event: PeerCloudEvent,
): ClientEventMap[PeerCloudEvent['type']] {
  switch (event.type) {
    case 'cloud.joined':
    case 'cloud.left':
      return event;
    case 'peer.updated':
      return {
        type: event.type,
        peer: standalonePeer(event.peer),
        previous: event.previous.data,
      };
    case 'peer.left':
      return {
        type: event.type,
        peer: standalonePeer(event.peer),
        reason: event.reason,
      };
    default:
      return { type: event.type, peer: standalonePeer(event.peer) };
  }
}
