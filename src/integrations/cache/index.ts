export { CacheTags, type CacheTagsSource } from './cache-tags.decorator.js';
export {
  NotEverywhereError,
  PeerCacheError,
  type PeerCacheErrorCode,
} from './cache.error.js';
export {
  PeerCache,
  type Everywhere,
  type RawEntry,
  type SetOptions,
  type WrapOptions,
} from './peer-cache.js';
export {
  PeerCacheModule,
  type PeerCacheAsyncOptions,
} from './peer-cache.module.js';
export type { CacheStore, PeerCacheOptions } from './peer-cache.options.js';
