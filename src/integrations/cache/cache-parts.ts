import type { ModuleRef } from '@nestjs/core';
import { CloudLink } from './cloud-link.js';
import { GuardedStore } from './core/guarded-store.js';
import { tellFillsApart } from './interceptor-fills.js';
import { makeStores } from './keyv-stores.js';
import { PeerCache } from './peer-cache.js';
import type { ResolvedPeerCacheOptions } from './peer-cache.options.js';

/** A cache, and what tells others of it. */
export interface CacheParts {
  cache: PeerCache;
  link: CloudLink;
}

export function makeParts(
  options: ResolvedPeerCacheOptions,
  moduleRef: ModuleRef,
): CacheParts {
  tellFillsApart();
  const { namespace, maxEntries } = options;
  const stores = makeStores(options);
  const guard = new GuardedStore(
    {
      delete: (key) => Promise.all(stores.map((store) => store.delete(key))),
      clear: () => Promise.all(stores.map((store) => store.clear())),
    },
    maxEntries,
  );
  const link = new CloudLink(moduleRef, guard, {
    namespace,
    memory: maxEntries,
  });
  return { cache: new PeerCache(options, stores, guard, link), link };
}
