import type { LoggerService } from '@nestjs/common';
import { graphql, buildSchema, parse, subscribe } from 'graphql';
import { withFilter } from 'graphql-subscriptions';
import { PeerPubSub } from '../../../src/integrations/graphql/index.js';
import {
  closeReplicas,
  startReplicas as startApps,
  type TestReplica,
} from '../../support/replicas.js';
import { until } from '../../support/until.js';

afterEach(closeReplicas);

const CHANNEL = 'nestjs-peercloud/graphql';

type Replica = TestReplica & { pubSub: PeerPubSub };

async function startReplicas(
  count: number,
  logger?: LoggerService,
): Promise<Replica[]> {
  const replicas = await startApps(count, {
    providers: [PeerPubSub, { provide: 'PUB_SUB', useExisting: PeerPubSub }],
    ...(logger && { logger }),
  });
  return replicas.map((replica) => ({
    ...replica,
    pubSub: replica.get(PeerPubSub),
  }));
}

it('brings what one replica publishes to the subscriptions of all, in order', async () => {
  const replicas = await startReplicas(3);
  const heard: unknown[][] = replicas.map(() => []);
  const ids = await Promise.all(
    replicas.map(({ pubSub }, at) =>
      pubSub.subscribe('price', (payload: unknown) => heard[at]!.push(payload)),
    ),
  );
  const payload = { item: 'tea', at: new Date(0) };
  await replicas[1]!.pubSub.publish('price', payload);
  for (let n = 0; n < 20; n++) {
    await replicas[1]!.pubSub.publish('price', n);
  }
  await replicas[1]!.pubSub.publish('other', 0);
  const all = [
    { item: 'tea', at: '1970-01-01T00:00:00.000Z' },
    ...Array.from({ length: 20 }, (_, n) => n),
  ];
  await until(() => heard.every((each) => each.length === all.length));
  expect(heard).toEqual([all, all, all]);

  replicas[0]!.pubSub.unsubscribe(ids[0]!);
  await replicas[1]!.pubSub.publish('price', 'last');
  await until(() => heard[2]!.at(-1) === 'last');
  expect(heard[0]).toEqual(all);
});

it('is the PubSub of a GraphQL subscription, with a filter', async () => {
  const [here, there] = (await startReplicas(2)) as [Replica, Replica];
  const schema = buildSchema(`
    type Query { ok: Boolean }
    type Subscription { price(item: String!): Int }
  `);
  schema.getSubscriptionType()!.getFields()['price']!.subscribe = withFilter(
    () => here.pubSub.asyncIterableIterator('price'),
    (payload?: { item: string }, args?: { item: string }) =>
      payload?.item === args?.item,
  ) as never;
  const events = (await subscribe({
    schema,
    document: parse('subscription { price(item: "tea") }'),
  })) as AsyncGenerator;
  const first = events.next();
  let isThere = false;
  void first.then(() => (isThere = true));
  await until(async () => {
    await there.pubSub.publish('price', { item: 'coffee', price: 1 });
    await there.pubSub.publish('price', { item: 'tea', price: 2 });
    return isThere;
  });
  expect(await first).toEqual({ done: false, value: { data: { price: 2 } } });
  await events.return(undefined);
  expect(await graphql({ schema, source: '{ ok }' })).toEqual({
    data: { ok: null },
  });
});

it('gives nobody what JSON cannot carry', async () => {
  const [{ pubSub }] = (await startReplicas(1)) as [Replica];
  const heard: unknown[] = [];
  await pubSub.subscribe('big', (payload: unknown) => heard.push(payload));
  await expect(pubSub.publish('big', 1n)).rejects.toMatchObject({
    code: 'INVALID_BODY',
  });
  expect(heard).toEqual([]);
});

it('goes on when a subscription fails, and refuses what is no event', async () => {
  const lines: string[] = [];
  const note = (line: unknown): void => void lines.push(String(line));
  const [one, other] = (await startReplicas(2, {
    log: note,
    warn: note,
    error: note,
  })) as [Replica, Replica];
  const heard: unknown[] = [];
  await one.pubSub.subscribe('a', () => {
    throw new Error('broken');
  });
  await one.pubSub.subscribe('a', (payload: unknown) => heard.push(payload));
  await other.pubSub.publish('a', 1);
  await until(() => heard.length === 1);
  const bad = other.messaging.channel(CHANNEL).send(one.id, { payload: 1 });
  await expect(bad).rejects.toMatchObject({ status: 400 });
  expect(lines.filter((line) => /refuses what peer/.test(line))).toHaveLength(
    1,
  );
  expect(
    lines.filter((line) => /a subscription to "a" failed/.test(line)),
  ).toHaveLength(1);
});
