import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { RedisFence } from '../../../src/integrations/fences/index.js';
import { describeWith, REDIS } from '../../support/services.js';
import { itConforms } from './conformance.js';

await describeWith([REDIS], 'RedisFence', () => {
  describe('on ioredis', () => {
    itConforms(REDIS.port, async (port) => {
      const client = new Redis({ port, host: '127.0.0.1' });
      return { fence: new RedisFence(client), close: () => client.quit() };
    });
  });

  describe('on node-redis', () => {
    itConforms(REDIS.port, async (port) => {
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      await client.connect();
      return { fence: new RedisFence(client), close: () => client.close() };
    });
  });

  it('gives rising tokens although the server forgot', async () => {
    const client = new Redis({ port: REDIS.port, host: '127.0.0.1' });
    const prefix = `test:${process.pid}:${Date.now()}:`;
    const fence = new RedisFence(client, { prefix });
    const request = { owner: 'us', ttl: 10_000 };
    const lease = await fence.acquire('job', request);
    const keys = await client.keys(`${prefix}*`);
    expect(keys.length).toBe(2);
    await client.del(...keys);
    const next = await fence.acquire('job', request);
    expect(next?.token).toBeGreaterThan(lease!.token);
    await next?.release();
    await lease?.release();
    await client.quit();
  });
});
