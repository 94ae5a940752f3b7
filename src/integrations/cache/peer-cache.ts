import type { EventEmitter } from 'node:events';
import { createCache, type Cache, type Events } from 'cache-manager';
import type { Keyv } from 'keyv';
import { NotEverywhereError } from './cache.error.js';
import type { CloudLink } from './cloud-link.js';
import type { Drop } from './core/drop.js';
import { Flights } from './core/flights.js';
import type { GuardedStore } from './core/guarded-store.js';
import { readEntry, type KeyvStore, type StoredEntry } from './keyv-stores.js';
import type { ResolvedPeerCacheOptions } from './peer-cache.options.js';

/** How an entry is written. */
export interface SetOptions {
  /** Ms after which it expires; default: the option `ttl`. */
  ttl?: number | undefined;
  /** `delTags()` of one of these drops it. */
  tags?: readonly string[] | undefined;
}

/** How `wrap()` keeps what it loads. */
export interface WrapOptions<T> {
  /** Ms after which it expires; default: the option `ttl`. */
  ttl?: number | ((value: T) => number) | undefined;
  /** `delTags()` of one of these drops it. */
  tags?: readonly string[] | undefined;
  /** As the option of that name. */
  refreshThreshold?: number | ((value: T) => number) | undefined;
}

/** An entry with the time at which it expires, as `wrap()` returns it with `raw: true`. */
export interface RawEntry<T> {
  value: T;
  /** Unix time in ms. */
  expires: number;
}

/** Drops that resolve when all members have dropped it. */
export interface Everywhere {
  /**
   * @param timeout ms that the others are waited for; default 10,000
   * @throws NotEverywhereError (`NOT_EVERYWHERE`) where some have not said so in time
   */
  del(key: string, timeout?: number): Promise<void>;
  /** The same for several keys. */
  mdel(keys: readonly string[], timeout?: number): Promise<void>;
  /** The same for all entries that have one of the tags. */
  delTags(tags: readonly string[], timeout?: number): Promise<void>;
  /** The same for everything. */
  clear(timeout?: number): Promise<void>;
}

/** Ms that `everywhere` waits. */
const EVERYWHERE_TIMEOUT = 10_000;

/**
 * The cache of this replica, with the methods of cache-manager: what the app sets or deletes here is
 * dropped at all other replicas. Injected by its class, or as `CACHE_MANAGER`.
 */
export class PeerCache {
  /** The stores as cache-manager has them: what is written to them directly is this replica's business alone. */
  readonly stores: Keyv[];
  /** Drops of which one wants to know that all have heard. */
  readonly everywhere: Everywhere;

  readonly #cache: Cache;
  readonly #events: EventEmitter;
  readonly #stores: readonly KeyvStore[];
  readonly #options: ResolvedPeerCacheOptions;
  readonly #guard: GuardedStore;
  readonly #link: CloudLink;
  readonly #loads: Flights;
  /** Loads for others too: they wait for nobody else. */
  readonly #ownLoads: Flights;
  readonly #refreshes: Flights;
  /** The moment at which that was read which is being set right now, by a CacheInterceptor. */
  #fill: { since: number; tags: readonly string[] } | undefined;

  /** @internal */
  constructor(
    options: ResolvedPeerCacheOptions,
    stores: readonly KeyvStore[],
    guard: GuardedStore,
    link: CloudLink,
  ) {
    const { ttl, refreshThreshold } = options;
    this.#options = options;
    this.#stores = stores;
    this.stores = stores as unknown as Keyv[];
    this.#cache = createCache({ stores: this.stores, ttl, refreshThreshold });
    this.#events = this.#cache.off('get', () => undefined);
    this.#guard = guard;
    this.#link = link;
    this.#loads = new Flights(guard);
    this.#ownLoads = new Flights(guard);
    this.#refreshes = new Flights(guard);
    this.everywhere = {
      del: (key, timeout) => this.#everywhere({ keys: [key] }, timeout),
      mdel: (keys, timeout) => this.#everywhere({ keys }, timeout),
      delTags: (tags, timeout) => this.#everywhere({ tags }, timeout),
      clear: (timeout) => this.#everywhere({ all: true }, timeout),
    };
  }

  /** What is kept here under the key; undefined where nothing is. */
  get<T>(key: string): Promise<T | undefined> {
    return this.#guard.read(key, () => this.#cache.get<T>(key));
  }

  /** The same for several keys. */
  mget<T>(keys: string[]): Promise<(T | undefined)[]> {
    let values: Promise<(T | undefined)[]> | undefined;
    return Promise.all(
      keys.map((key, at) =>
        this.#guard.read(key, async () => {
          values ??= this.#cache.mget<T>(keys);
          return (await values)[at];
        }),
      ),
    );
  }

  /** Unix time in ms at which the entry expires; undefined where there is none. */
  async ttl(key: string): Promise<number | undefined> {
    const found = await this.#find(key);
    return found?.entry.expires ?? undefined;
  }

  /**
   * Keeps a value here, and drops what others have under the key. For what was read at its source take
   * `wrap()`: it is no news to others.
   *
   * @param ttl ms after which it expires, or that and tags
   */
  async set<T>(
    key: string,
    value: T,
    ttl?: number | SetOptions | null,
  ): Promise<T> {
    const options = typeof ttl === 'object' ? (ttl ?? {}) : { ttl };
    const write = (): Promise<T> =>
      this.#cache.set(key, value, this.#ttl(options.ttl));
    const fill = this.#fill;
    this.#fill = undefined;
    if (fill) {
      await this.#guard.write(key, fill.tags, fill.since, write);
    } else {
      const cause = this.#link.announce({ keys: [key] });
      await this.#guard.overwrite(key, options.tags ?? [], write, cause);
    }
    return value;
  }

  /** The same for several keys. */
  async mset<T>(
    list: { key: string; value: T; ttl?: number | undefined }[],
  ): Promise<{ key: string; value: T; ttl?: number | undefined }[]> {
    const keys = list.map(({ key }) => key);
    const cause = this.#link.announce({ keys });
    const entries = list.map((each) => ({ ...each, ttl: this.#ttl(each.ttl) }));
    let written: Promise<unknown> | undefined;
    const write = (): Promise<unknown> =>
      (written ??= this.#cache.mset(entries));
    await Promise.all(
      keys.map((key) => this.#guard.overwrite(key, [], write, cause)),
    );
    return list;
  }

  /** Drops it here and everywhere: here at once, at the others as soon as they hear. */
  del(key: string): Promise<boolean> {
    return this.#tellOf('del', { key }, this.#drop({ keys: [key] }));
  }

  /** The same for several keys. */
  mdel(keys: string[]): Promise<boolean> {
    return this.#tellOf('mdel', { keys }, this.#drop({ keys }));
  }

  /** The same for all entries that were written with one of the tags. */
  async delTags(tags: readonly string[]): Promise<boolean> {
    await this.#drop({ tags });
    return true;
  }

  /** Drops everything, here and everywhere. */
  async clear(): Promise<boolean> {
    try {
      await this.#drop({ all: true });
    } catch (error) {
      this.#events.emit('clear', error);
      throw error;
    }
    this.#events.emit('clear');
    return true;
  }

  /**
   * What is kept here, or what `load` gives, which is kept then. Others are not told. Whoever asks
   * meanwhile waits for the same `load`. Its result is not kept where the key or a tag was dropped after
   * `load` began.
   */
  wrap<T>(
    key: string,
    load: () => T | Promise<T>,
    options: WrapOptions<T> & { raw: true },
  ): Promise<RawEntry<T>>;
  wrap<T>(
    key: string,
    load: () => T | Promise<T>,
    options?: WrapOptions<T> | number | ((value: T) => number),
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T>;
  async wrap<T>(
    key: string,
    load: () => T | Promise<T>,
    given?: (WrapOptions<T> & { raw?: true }) | WrapOptions<T>['ttl'],
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T | RawEntry<T>> {
    const options: WrapOptions<T> & { raw?: true } =
      typeof given === 'object' ? given : { ttl: given, refreshThreshold };
    const { tags = [], raw } = options;
    const entry = await this.#loads.join(key, tags, async () => {
      const found = await this.#find(key);
      if (!found) {
        return this.#load(key, load, options);
      }
      await this.#found(key, load, options, found);
      return found.entry as RawEntry<T>;
    });
    return raw ? entry : entry.value;
  }

  /**
   * Makes a function that loads what belongs to an id once for all replicas: the owner of the key loads
   * it, the others get it from there, and each keeps it for itself, under `<name>:<id>`. Where the owner
   * cannot be reached, or fails, this replica loads for itself. To be called at the start, at each replica.
   *
   * @param loadOne what it returns travels as JSON
   * @throws PeerCacheError (`LOADER_NAME_TAKEN`)
   */
  singleFlight<T>(
    name: string,
    loadOne: (id: string) => T | Promise<T>,
    options: SetOptions = {},
  ): (id: string) => Promise<T> {
    const { tags = [] } = options;
    const keyOf = (id: string): string => `${name}:${id}`;
    const loadHere = async (id: string): Promise<T> => {
      const key = keyOf(id);
      const { value } = await this.#ownLoads.join(key, tags, async () => {
        const found = await this.#find(key);
        const load = async (): Promise<T> => copyOf(await loadOne(id));
        return found?.entry ?? this.#load(key, load, options);
      });
      return value as T;
    };
    this.#link.addLoader(name, async (id, cause) => {
      if (cause && !this.#link.hasHeard(cause)) {
        await this.#guard.drop({ keys: [keyOf(id)] }, cause);
      }
      return loadHere(id);
    });
    return (id) => {
      const key = keyOf(id);
      const load = async (): Promise<T> => {
        const cause = this.#guard.causeOf(key, tags);
        const answer = await this.#link.askOwner(key, { name, id, cause });
        return answer ? (answer.value as T) : loadHere(id);
      };
      return this.wrap(key, load, options);
    };
  }

  /** Hears of what happens in this cache, with the events of cache-manager. */
  on<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.#cache.on(event, listener);
  }

  off<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.#cache.off(event, listener);
  }

  disconnect(): Promise<undefined> {
    return this.#cache.disconnect();
  }

  cacheId(): string {
    return this.#cache.cacheId();
  }

  /**
   * The moment at which a CacheInterceptor's handler begins.
   *
   * @internal
   */
  get now(): number {
    return this.#guard.now;
  }

  /**
   * What is set first in here was read at its source: it is a fill.
   *
   * @internal
   */
  asFill(since: number, tags: readonly string[], set: () => void): void {
    this.#fill = { since, tags };
    try {
      set();
    } finally {
      this.#fill = undefined;
    }
  }

  async #drop(drop: Drop): Promise<void> {
    await this.#guard.drop(drop, this.#link.announce(drop));
  }

  /** Emits what came of it, as cache-manager does. */
  async #tellOf(
    event: string,
    about: object,
    work: Promise<void>,
  ): Promise<true> {
    try {
      await work;
    } catch (error) {
      this.#events.emit(event, { ...about, error });
      throw error;
    }
    this.#events.emit(event, about);
    return true;
  }

  /** @throws NotEverywhereError */
  async #everywhere(
    drop: Drop,
    timeout: number = EVERYWHERE_TIMEOUT,
  ): Promise<void> {
    await this.#drop(drop);
    const missing = await this.#link.everybody(timeout);
    if (missing.length > 0) {
      throw new NotEverywhereError(missing, timeout);
    }
  }

  async #find(
    key: string,
  ): Promise<{ entry: StoredEntry; at: number } | undefined> {
    for (const [at, store] of this.#stores.entries()) {
      const reading = this.#guard.read(key, () => readEntry(store, key));
      const entry = await reading.catch(() => undefined);
      if (entry) {
        return { entry, at };
      }
    }
    return undefined;
  }

  async #load<T>(
    key: string,
    load: () => T | Promise<T>,
    { ttl, tags = [] }: WrapOptions<T>,
  ): Promise<RawEntry<T>> {
    const since = this.#guard.now;
    const value = await load();
    const ms = this.#ttl(typeof ttl === 'function' ? ttl(value) : ttl);
    await this.#guard.write(key, tags, since, () =>
      this.#cache.set(key, value, ms),
    );
    return { value, expires: Date.now() + ms };
  }

  /** Loads it anew where it has not long to live, and puts it into the stores that come before. */
  async #found<T>(
    key: string,
    load: () => T | Promise<T>,
    options: WrapOptions<T>,
    { entry, at }: { entry: StoredEntry; at: number },
  ): Promise<void> {
    const value = entry.value as T;
    const left = (entry.expires ?? Infinity) - Date.now();
    const given = options.refreshThreshold ?? this.#options.refreshThreshold;
    const threshold = typeof given === 'function' ? given(value) : given;
    if (threshold !== undefined && left < threshold) {
      void this.#refresh(key, value, load, options);
    } else if (at > 0) {
      const { tags = [] } = options;
      const ttl = this.#ttl(
        Math.min(left, typeof options.ttl === 'number' ? options.ttl : left),
      );
      await this.#guard.write(key, tags, this.#guard.now, () =>
        Promise.all(
          this.#stores
            .slice(0, at)
            .map((store) => store.set(key, value, Math.max(1, ttl))),
        ),
      );
      this.#events.emit('set', { key, value });
    }
  }

  async #refresh<T>(
    key: string,
    value: T,
    load: () => T | Promise<T>,
    options: WrapOptions<T>,
  ): Promise<void> {
    try {
      const fresh = await this.#refreshes.join(key, options.tags ?? [], () =>
        this.#load(key, load, options),
      );
      this.#events.emit('refresh', { key, value: fresh.value });
    } catch (error) {
      this.#events.emit('refresh', { key, value, error });
    }
  }

  /** Every entry has one. */
  #ttl(ttl: number | null | undefined): number {
    return ttl && ttl > 0 && Number.isFinite(ttl) ? ttl : this.#options.ttl;
  }
}

/** The same at the owner as at all others. */
function copyOf<T>(value: T): T {
  const json = JSON.stringify(value);
  return json === undefined ? value : (JSON.parse(json) as T);
}
