import { randomUUID } from 'node:crypto';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { NatsFence } from '../../../src/integrations/fences/index.js';
import { describeWith, NATS } from '../../support/services.js';
import { itConforms } from './conformance.js';

await describeWith([NATS], 'NatsFence', () => {
  const bucket = `fence_${randomUUID()}`;
  let connection: NatsConnection;

  beforeAll(async () => {
    connection = await connect({ servers: `127.0.0.1:${NATS.port}` });
  });
  afterAll(async () => {
    const kv = await new Kvm(connection).open(bucket);
    await kv.destroy();
    await connection.close();
  });

  itConforms(NATS.port, async (port) => {
    const own = await connect({ servers: `127.0.0.1:${port}` });
    const kv = await new Kvm(own).create(bucket);
    return { fence: new NatsFence(kv), close: () => own.close() };
  });

  it.each([
    ['a bucket that forgets', { ttl: 1_000 }],
    ['a bucket in memory', { storage: 'memory' as const }],
  ])('refuses %s', async (_case, options) => {
    const name = `fence_${randomUUID()}`;
    const kv = await new Kvm(connection).create(name, options);
    await expect(
      new NatsFence(kv).acquire('job', { owner: 'us', ttl: 1_000 }),
    ).rejects.toMatchObject({
      code: 'FENCE_MISUSED',
      message: expect.stringContaining(name),
    });
    await kv.destroy();
  });

  it('goes on above the tokens of a key that was deleted', async () => {
    const kv = await new Kvm(connection).create(bucket);
    const fence = new NatsFence(kv);
    const name = randomUUID();
    const request = { owner: 'us', ttl: 10_000 };
    const lease = await fence.acquire(name, request);
    await kv.delete(`name.${Buffer.from(name).toString('base64url')}`);
    const next = await fence.acquire(name, request);
    expect(next?.token).toBeGreaterThan(lease!.token);
    await next?.release();
    await lease?.release();
  });
});
