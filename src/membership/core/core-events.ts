import type { TypedEmitter } from '../../util/typed-emitter.js';
import type { JsonValue, JsonObject } from '../../wire/json.js';
import type { PeerInfo } from '../../wire/bodies.js';
import type {
  MemberListEvents,
  MemberRecord,
  StateUpdate,
  MemberAdded,
  MemberChanged,
  MemberRemoved,
} from './member-list/index.js';
import { messageOf } from '../../errors/error-text.js';
import type {
  CoreLogger,
  Member,
  MembershipEvent,
} from './membership.types.js';

/** What the parts of the core tell each other. All subscriptions are in wiring.ts. */
export interface CoreEventMap extends MemberListEvents {
  /** A member answered a request of this peer: a sign of life. */
  'peer.answered': [id: string];
  /** A member answered 403 `UNKNOWN_SENDER`: it does not list this peer. */
  'sender.unknown': [id: string];
  /** A member that speaks gossip answered a check as it answers strangers. */
  'self.unlisted': [id: string];
  /** Others believe that this peer is suspected or gone, or newer than it is; `ip` is where they found it. */
  'self.claimed': [incarnation: number, isSuspected: boolean, ip?: string];
  /** This peer has raised its incarnation, so that others do not believe any more what is not so. */
  'self.refuted': [];
  /** A request of another peer has arrived. */
  'self.reached': [];
  /** Updates that came along with a member's request or answer, unread. */
  'gossip.updates': [items: readonly JsonValue[], from: MemberRecord];
  /** The digest of a member's list. */
  'gossip.digest': [digest: string, from: MemberRecord];
  /** One more member suspects a suspect, and that counts. */
  'suspicion.confirmed': [update: StateUpdate, by: string];
  /** A timer of this process, or the end of a check, came so many ms too late. */
  'process.late': [ms: number];
  /** This process stood still for so many ms; a longer report of the same stall adds the difference. */
  'process.stalled': [ms: number];
  /** A join of this peer succeeded. */
  'join.accepted': [receiverId: string, how: AcceptedJoin];
  /** A legacy member may not list this peer. */
  'legacy.unlisted': [legacy: MemberRecord];
  /** The list of a legacy member may be wrong about the member `about`. */
  'legacy.doubtful': [legacyId: string, about: string];
}

export type CoreEvents = TypedEmitter<CoreEventMap>;

/** What followed from the answer to a join. */
export interface AcceptedJoin {
  /** True if this peer had members before, so that two clouds may have met. */
  readonly merged: boolean;
  /** The members that the answer names. */
  readonly listed: readonly PeerInfo[];
}

/** What applications hear: each event exactly once, in order. */
export class EventPublisher {
  readonly #listeners = new Set<(event: MembershipEvent) => void>();
  #joined = false;

  readonly #logger: CoreLogger;
  readonly #isAlone: () => boolean;

  /** @param isAlone true while there are no other members */
  constructor(logger: CoreLogger, isAlone: () => boolean) {
    this.#logger = logger;
    this.#isAlone = isAlone;
  }

  /** @returns the way to stop listening */
  listen(listener: (event: MembershipEvent) => void): () => void {
    // A wrapper of its own, so that a listener given twice hears twice and ends once.
    const wrapper = (event: MembershipEvent) => listener(event);
    this.#listeners.add(wrapper);
    return () => void this.#listeners.delete(wrapper);
  }

  added({ member }: MemberAdded): void {
    if (!this.#joined) {
      this.#emit({ type: 'cloud.joined' });
    }
    this.#joined = true;
    this.#emit({ type: 'peer.joined', member });
  }

  changed({ member, previous }: MemberChanged): void {
    if (member.state !== previous.state) {
      const type =
        member.state === 'suspect' ? 'peer.suspected' : 'peer.recovered';
      this.#emit({ type, member });
    }
    if (
      member.address !== previous.address ||
      !sameData(member.data, previous.data)
    ) {
      this.#emit({ type: 'peer.updated', member, previous });
    }
    if (!sameFeatures(member, previous)) {
      this.#emit({ type: 'peer.features', member });
    }
  }

  removed({ member, reason, successor }: MemberRemoved): void {
    this.#emit({ type: 'peer.left', member, reason });
    if (this.#isAlone() && !successor) {
      this.left();
    }
  }

  /** This peer has left, or all the others have. */
  left(): void {
    if (this.#joined) {
      this.#emit({ type: 'cloud.left' });
    }
    this.#joined = false;
  }

  #emit(event: MembershipEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        const reason = messageOf(error);
        this.#logger.warn(`A listener failed at ${event.type}: ${reason}`);
      }
    }
  }
}

function sameFeatures(
  { features: a }: Member,
  { features: b }: Member,
): boolean {
  return a === b || a.join() === b.join();
}

function sameData(a: JsonObject, b: JsonObject): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
