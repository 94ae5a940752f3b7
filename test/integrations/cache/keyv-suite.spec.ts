import * as vitest from 'vitest';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import { LruMap } from '../../../src/integrations/cache/lru-map.js';

/** What Keyv asks of a store: of the one in memory, in Keyv's own words. Its suite wants to write to `opts`. */
const store = () =>
  Object.assign(new LruMap<string, unknown>(1000), { opts: {} });

keyvTestSuite(vitest, Keyv, store);
keyvIteratorTests(vitest, Keyv, store);
