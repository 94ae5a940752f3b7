/** What is sent to the clients in a room. */
export interface RoomEvent {
  event: string;
  data: unknown;
}

/** A client, as rooms see it. */
export interface Occupant {
  /** @param text the event as a text frame of Nest's WsAdapter, made once for all clients */
  deliver(event: RoomEvent, text: () => string): void;
}

/** Who is in which room, of the clients of this process. */
export class RoomList {
  readonly #rooms = new Map<string, Set<Occupant>>();
  readonly #occupants = new Map<Occupant, Set<string>>();

  add(occupant: Occupant, room: string): void {
    addTo(this.#rooms, room, occupant);
    addTo(this.#occupants, occupant, room);
  }

  remove(occupant: Occupant, room: string): void {
    removeFrom(this.#rooms, room, occupant);
    removeFrom(this.#occupants, occupant, room);
  }

  /** The client leaves all rooms. */
  removeAll(occupant: Occupant): void {
    for (const room of this.#occupants.get(occupant) ?? []) {
      removeFrom(this.#rooms, room, occupant);
    }
    this.#occupants.delete(occupant);
  }

  count(room: string): number {
    return this.#rooms.get(room)?.size ?? 0;
  }

  deliver(room: string, event: RoomEvent): void {
    let made: string | undefined;
    const text = () => (made ??= JSON.stringify(event));
    for (const occupant of this.#rooms.get(room) ?? []) {
      occupant.deliver(event, text);
    }
  }
}

function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set) {
    set.add(value);
  } else {
    sets.set(key, new Set([value]));
  }
}

function removeFrom<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set?.delete(value) && set.size === 0) {
    sets.delete(key);
  }
}
