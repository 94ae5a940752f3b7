import type { ModuleRef } from '@nestjs/core';
import type { CreateCacheOptions } from 'cache-manager';
import { makeParts } from '../../../../src/integrations/cache/cache-parts.js';
import type { PeerCache } from '../../../../src/integrations/cache/index.js';

/** What cache-manager's tests call `createCache()` for: a cache of ours, of a replica that is alone. */
export function createCache({
  stores,
  ttl,
  refreshThreshold,
}: CreateCacheOptions = {}): PeerCache {
  const options = { stores, ttl, refreshThreshold };
  return makeParts(options, undefined as unknown as ModuleRef).cache;
}

let last = 0;

/** What these tests use of @faker-js/faker. */
export const faker = {
  string: {
    alpha: (length: number) => `${++last}`.padStart(length, 'x'),
    sample: () => `value ${++last}`,
  },
  number: { int: ({ min }: { min: number; max: number }) => min },
};

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
