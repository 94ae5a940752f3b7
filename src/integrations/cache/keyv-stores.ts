import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { LruMap } from './lru-map.js';
import type {
  CacheStore,
  ResolvedPeerCacheOptions,
} from './peer-cache.options.js';

/** An entry as a store has it. */
export interface StoredEntry {
  value?: unknown;
  /** Unix time in ms. */
  expires?: number | null | undefined;
}

/** What Keyv 5 and 6 have in common, and all that a cache needs of either. */
export interface KeyvStore extends CacheStore {
  get(key: string, options?: { raw: true }): Promise<unknown>;
  getRaw?(key: string): Promise<StoredEntry | undefined>;
  /** Keyv 6 has it. */
  setRaw?: unknown;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

/** The stores of a cache: bounded memory unless the app brings its own. */
export function makeStores(options: ResolvedPeerCacheOptions): KeyvStore[] {
  const { stores, ttl, namespace, maxEntries } = options;
  if (stores === undefined) {
    const memory = new Keyv({ store: new LruMap(maxEntries), namespace });
    // Values stay the objects that they are, as in the memory of cache-manager: 5 and 6 have words of their own for that.
    return [
      Object.assign(memory, {
        serialize: undefined,
        deserialize: undefined,
        serialization: undefined,
      }),
    ];
  }
  const all: readonly CacheStore[] = 'get' in stores ? [stores] : stores;
  return all.map((store) =>
    isKeyv(store)
      ? store
      : new Keyv({ store: store as KeyvStoreAdapter, ttl, namespace }),
  );
}

/** By shape: npm installs two majors of keyv side by side. */
function isKeyv(store: CacheStore): store is KeyvStore {
  const methods = ['get', 'set', 'delete', 'clear', 'disconnect', 'getMany'];
  return (
    'stats' in store &&
    methods.every((name) => typeof Reflect.get(store, name) === 'function')
  );
}

/** Keyv 6 has another name for what is an option in Keyv 5. */
export async function readEntry(
  store: KeyvStore,
  key: string,
): Promise<StoredEntry | undefined> {
  const entry = store.setRaw
    ? await store.getRaw!(key)
    : ((await store.get(key, { raw: true })) as StoredEntry | undefined);
  return entry?.value === undefined ? undefined : entry;
}
