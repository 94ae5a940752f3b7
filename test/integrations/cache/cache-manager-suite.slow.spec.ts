/**
 * What the own tests of cache-manager ask of a cache; they wait for TTLs, a second each. Left out are those of
 * `nonBlocking` and `refreshAllStores`, and of entries that have no TTL, or that of their store: there are none.
 */
import './cache-manager-suite/clear.js';
import './cache-manager-suite/del.js';
import './cache-manager-suite/events.js';
import './cache-manager-suite/get.js';
import './cache-manager-suite/mdel.js';
import './cache-manager-suite/mget.js';
import './cache-manager-suite/mset.js';
import './cache-manager-suite/multiple-stores.js';
import './cache-manager-suite/set.js';
import './cache-manager-suite/ttl.js';
import './cache-manager-suite/wrap.js';
