import { type JsonObject, jsonBytes } from '../../../wire/json.js';
import {
  MAX_GOSSIP_ITEMS,
  MAX_UPDATES_BYTES,
} from '../options/membership.options.js';

interface QueuedUpdate {
  readonly id: string;
  readonly body: JsonObject;
  readonly size: number;
  urgent: boolean;
  sends: number;
}

/**
 * Updates that wait to be sent: one for each member, the newest. What was sent least goes first;
 * what was sent often enough is done.
 */
export class GossipQueue {
  /** Tier n has what was sent n times, each in the order in which it got there. */
  readonly #tiers: Map<string, QueuedUpdate>[] = [];
  readonly #items = new Map<string, QueuedUpdate>();
  #urgent = 0;

  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.size;
  }

  /** True while something waits that must not wait for the next check. */
  get hasUrgent(): boolean {
    return this.#urgent > 0;
  }

  /**
   * Adds an update about a member, in place of an older one. What is too large for any body is left to
   * the comparison of lists.
   * @param urgent false: it rides along with the checks, but causes no round of gossip
   */
  add(id: string, body: JsonObject, urgent: boolean): void {
    this.drop(id);
    const size = jsonBytes(body, MAX_UPDATES_BYTES);
    if (size > MAX_UPDATES_BYTES) {
      return;
    }
    if (this.#items.size >= this.#limit) {
      this.#dropMostSent();
    }
    const item = { id, body, size, urgent, sends: 0 };
    this.#items.set(id, item);
    this.#place(item);
    if (urgent) {
      this.#urgent++;
    }
  }

  /** Forgets the update about a member. */
  drop(id: string): void {
    const item = this.#items.get(id);
    if (!item) {
      return;
    }
    this.#items.delete(id);
    this.#tiers[item.sends]!.delete(id);
    if (item.urgent) {
      this.#urgent--;
    }
  }

  /** Nothing is urgent any more: there is nobody to send it to. */
  calm(): void {
    for (const item of this.#items.values()) {
      item.urgent = false;
    }
    this.#urgent = 0;
  }

  /**
   * What goes into one body now.
   * @param maxSends how often each update is sent in all
   * @param except a member that needs no update about itself
   * @param items most of them
   * @param bytes most of them
   */
  take(
    maxSends: number,
    except?: string,
    items = MAX_GOSSIP_ITEMS,
    bytes = MAX_UPDATES_BYTES,
  ): JsonObject[] {
    const taken: QueuedUpdate[] = [];
    let room = bytes;
    for (const tier of this.#tiers) {
      for (const item of tier.values()) {
        if (taken.length >= items) {
          break;
        }
        if (item.id === except || item.size > room) {
          continue;
        }
        taken.push(item);
        room -= item.size;
      }
      if (taken.length >= items) {
        break;
      }
    }
    for (const item of taken) {
      this.#sent(item, maxSends);
    }
    return taken.map(({ body }) => body);
  }

  #sent(item: QueuedUpdate, maxSends: number): void {
    if (item.sends + 1 >= maxSends) {
      this.drop(item.id);
      return;
    }
    this.#tiers[item.sends]!.delete(item.id);
    item.sends++;
    this.#place(item);
  }

  #place(item: QueuedUpdate): void {
    while (this.#tiers.length <= item.sends) {
      this.#tiers.push(new Map());
    }
    this.#tiers[item.sends]!.set(item.id, item);
  }

  #dropMostSent(): void {
    for (let tier = this.#tiers.length - 1; tier >= 0; tier--) {
      for (const item of this.#tiers[tier]!.values()) {
        this.drop(item.id);
        return;
      }
    }
  }
}

/** How often each update is sent in a cloud of `size` peers. */
export function sendsFor(
  size: number,
  {
    gossipMultiplier,
    gossipMinSends,
  }: { gossipMultiplier: number; gossipMinSends: number },
): number {
  return Math.max(
    gossipMinSends,
    Math.ceil(gossipMultiplier * Math.log10(size + 1)),
  );
}
