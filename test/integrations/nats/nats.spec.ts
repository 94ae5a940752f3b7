import { randomUUID } from 'node:crypto';
import { natsTransport } from '../../../src/integrations/nats/index.js';
import {
  peercloud,
  type PeerCloudClient,
} from '../../../src/standalone/index.js';
import { describeWith, NATS } from '../../support/services.js';
import { until } from '../../support/until.js';

await describeWith([NATS], 'a cloud on NATS', () => {
  const open: PeerCloudClient[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });

  const start = async (cloud: string, name: string) => {
    const client = await peercloud({
      cloud,
      transport: natsTransport(),
      data: { name },
      signals: false,
      onMessage: (_peer, body) => ({ by: name, body }),
    });
    open.push(client);
    return client;
  };

  it('finds its members, and carries messages, broadcasts and goodbyes', async () => {
    const cloud = `a b.*>${randomUUID()}`;
    const a = await start(cloud, 'a');
    const b = await start(cloud, 'b');
    const c = await start(cloud, 'c');
    await until(() => [a, b, c].every((client) => client.peers().length === 2));
    const peer = a.peers().find(({ data }) => data['name'] === 'b')!;
    expect(await peer.send({ hello: 1 })).toEqual({
      by: 'b',
      body: { hello: 1 },
    });
    const results = await a.send({ to: 'all' });
    expect(results).toHaveLength(2);
    await c.close();
    await until(() => [a, b].every((client) => client.peers().length === 1));
  });
});
