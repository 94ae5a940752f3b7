import Fastify from 'fastify';
import { createSchema, createYoga } from 'graphql-yoga';
import mercurius from 'mercurius';
import { WebSocket } from 'ws';
import { PeerPubSub } from '../../../src/integrations/graphql/index.js';
import { closeReplicas, startReplicas } from '../../support/replicas.js';
import { until } from '../../support/until.js';

afterEach(closeReplicas);

const typeDefs = `
  type Query { ok: Boolean }
  type Subscription { price: Int }
`;

/** A subscription of the one replica, and what publishes at the other. */
async function startTwo() {
  const [here, there] = await startReplicas(2, { providers: [PeerPubSub] });
  const resolvers = {
    Subscription: {
      price: {
        subscribe: () => here!.get(PeerPubSub).asyncIterableIterator('price'),
      },
    },
  };
  const publish = () => there!.get(PeerPubSub).publish('price', { price: 7 });
  return { resolvers, publish };
}

it('gives graphql-yoga its events as they are', async () => {
  const { resolvers, publish } = await startTwo();
  const yoga = createYoga({
    schema: createSchema({ typeDefs, resolvers }),
    logging: false,
  });
  const { body } = await yoga.fetch('http://app.example/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query: 'subscription { price }' }),
  });
  const reader = body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let text = '';
  const read = async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      text += decoder.decode(value);
    }
  };
  const reading = read();
  await until(async () => {
    await publish();
    return text.includes('{"data":{"price":7}}');
  });
  await reader.cancel();
  await reading;
});

it('gives mercurius its events as they are', async () => {
  const { resolvers, publish } = await startTwo();
  const app = Fastify();
  await app.register(mercurius, {
    schema: typeDefs,
    resolvers: resolvers as never,
    subscription: true,
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const socket = new WebSocket(
    `${address.replace('http', 'ws')}/graphql`,
    'graphql-transport-ws',
  );
  const heard: string[] = [];
  socket.on('message', (text: Buffer) => heard.push(text.toString()));
  socket.once('open', () =>
    socket.send(JSON.stringify({ type: 'connection_init' })),
  );
  await until(() => heard.length === 1);
  const payload = { query: 'subscription { price }' };
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
  await until(async () => {
    await publish();
    return heard.some((each) => each.includes('{"data":{"price":7}}'));
  });
  socket.terminate();
  await app.close();
});
