/* From cache-manager 7.2.9 (see LICENSE), with imports changed. */
/* oxlint-disable */
import { Keyv } from 'keyv';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCache, faker, sleep } from './support.js';

describe('get', () => {
  let keyv: Keyv;
  let cache: ReturnType<typeof createCache>;
  let ttl = 500;
  const data = { key: '', value: '' };

  beforeEach(async () => {
    data.key = faker.string.alpha(20);
    data.value = faker.string.sample();
    ttl = faker.number.int({ min: 500, max: 1000 });
    keyv = new Keyv();
    cache = createCache({ stores: [keyv] });
  });

  it('expired', async () => {
    await cache.set(data.key, data.value, ttl);
    await sleep(ttl + 100);
    await expect(cache.ttl(data.key)).resolves.toBeUndefined();
  });
  it('gets the expiration of a key', async () => {
    await cache.set(data.key, data.value, ttl);
    const expiration = Date.now() + ttl;
    await expect(cache.ttl(data.key)).resolves.toBeGreaterThanOrEqual(
      expiration - 100,
    );
  });
});
