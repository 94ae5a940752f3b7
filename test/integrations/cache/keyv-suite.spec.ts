import * as vitest from 'vitest';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import { LruMap } from '../../../src/integrations/cache/lru-map.js';

/** What Keyv asks of a store: of the one in memory, in Keyv's own words. */
const store = (): LruMap<string, unknown> => new LruMap(1000);

keyvTestSuite(vitest, Keyv, store);
keyvIteratorTests(vitest, Keyv, store);
