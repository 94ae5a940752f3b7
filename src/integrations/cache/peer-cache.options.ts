import {
  OptionsError,
  readSection,
  type OptionTable,
  type Section,
} from '../../index.js';

/** A Keyv, of version 5 or 6, or what a Keyv takes as its store, such as a Map. */
export interface CacheStore {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
}

/** How a cache works. Each replica has the same. */
export interface PeerCacheOptions {
  /**
   * Where entries are kept, the first one first, as in `CacheModule`; default: in the memory of this
   * replica. A store belongs to one replica: what others drop is deleted in all of them.
   */
  stores?: CacheStore | readonly CacheStore[] | undefined;
  /** Tells apart the entries in a store, and the caches of an app that has several; default: none. */
  namespace?: string | undefined;
  /**
   * Ms after which an entry expires that was written without a TTL of its own; default 60,000. It is the
   * longest that a replica serves an old value when it was not told: every entry has a TTL.
   */
  ttl?: number | undefined;
  /**
   * Entries that the memory of this replica holds, where `stores` are not given; default 10,000. And drops
   * that are remembered, for fills that began before them and for peers that have missed them.
   */
  maxEntries?: number | undefined;
  /**
   * Ms: an entry that `wrap()` finds with less than that to live is loaded anew, and served meanwhile;
   * default: none is.
   */
  refreshThreshold?: number | undefined;
}

const TABLE = {
  stores: { type: 'other' },
  namespace: { type: 'string' },
  ttl: { type: 'integer', min: 1, max: 2 ** 31 - 1, default: 60_000 },
  maxEntries: { type: 'integer', min: 1, max: 10_000_000, default: 10_000 },
  refreshThreshold: { type: 'number', min: 0, max: 2 ** 31 - 1 },
  /** Of cache-manager, and not to be had here. */
  nonBlocking: { type: 'other' },
} as const satisfies OptionTable;

/** What the complete options are provided by. */
export const PEER_CACHE_OPTIONS = Symbol('PEER_CACHE_OPTIONS');

/** The options, complete. */
export type ResolvedPeerCacheOptions = Omit<
  Section<typeof TABLE>,
  'stores' | 'nonBlocking'
> &
  Pick<PeerCacheOptions, 'stores'>;

/** @throws OptionsError for a value that cannot work */
export function resolveCacheOptions(
  options: PeerCacheOptions,
): ResolvedPeerCacheOptions {
  const { nonBlocking, stores, ...rest } = readSection(options, '', TABLE);
  if (nonBlocking !== undefined) {
    throw new OptionsError(
      'nonBlocking',
      nonBlocking,
      'leave it out: what is not awaited cannot be kept from landing too late',
    );
  }
  const { namespace } = rest;
  if (namespace !== undefined && !/^[\w.:-]{1,32}$/.test(namespace)) {
    throw new OptionsError(
      'namespace',
      namespace,
      'must be 1 to 32 letters, digits and _ . : -',
    );
  }
  return { ...rest, stores: stores as PeerCacheOptions['stores'] };
}
