import { messageOf } from '../../errors/error-text.js';
import type { JsonObject } from '../../wire/json.js';
import type {
  MemberAdded,
  MemberChanged,
  MemberRemoved,
} from './member-list/index.js';
import type {
  CoreLogger,
  Member,
  MembershipEvent,
} from './membership.types.js';

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
