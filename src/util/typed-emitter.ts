/** What events have for arguments, by their names. */
type EventMap<Events> = { [Name in keyof Events]: unknown[] };

type Listener = (...args: unknown[]) => void;

/** Events with names and arguments that the compiler knows. Listeners hear them at once, in the order of their subscriptions. */
export class TypedEmitter<Events extends EventMap<Events>> {
  readonly #listeners = new Map<PropertyKey, Listener[]>();

  on<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
  ): void {
    const listeners = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, [...listeners, listener as Listener]);
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      listener(...args);
    }
  }
}

/** The side of an emitter that whoever tells of something needs. */
export type Emits<Events extends EventMap<Events>> = Pick<
  TypedEmitter<Events>,
  'emit'
>;
