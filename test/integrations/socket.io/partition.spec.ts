import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Server } from 'socket.io';
import { PeerCloudModule } from '../../../src/index.js';
import { PeerIoAdapter } from '../../../src/integrations/socket.io/index.js';
import { createTestCloud, type TestCloud } from '../../../src/testing/index.js';
import { until } from '../../support/until.js';
import {
  connectTo,
  disconnectAll,
  Gateway,
  heardBy,
  type Client,
} from './cluster.js';

let cloud: TestCloud;

afterEach(async () => {
  disconnectAll();
  await cloud.close();
});

it('a partition heals without a lost room, and what was sent within a part stays there', async () => {
  cloud = await createTestCloud(
    3,
    { imports: [PeerCloudModule.forRoot()], providers: [Gateway] },
    {
      createApp: (module) => {
        const app = module.createNestApplication({ logger: false });
        return app.useWebSocketAdapter(new PeerIoAdapter(app));
      },
    },
  );
  const servers: Server[] = [];
  const clients: Client[] = [];
  for (const app of cloud.apps) {
    await app.listen(0, '127.0.0.1');
    const { server } = app.get(Gateway);
    const { port } = (
      app.getHttpServer() as HttpServer
    ).address() as AddressInfo;
    servers.push(server);
    clients.push(await connectTo(port, server));
  }
  const heard = clients.map(heardBy);
  /** How many sockets of the room, and how many servers, each replica knows. */
  const counts = () =>
    Promise.all(
      servers.map(async (server) => {
        const { length } = await server.in('room').fetchSockets();
        return [length, await server.of('/').adapter.serverCount()];
      }),
    );
  const whole = [
    [3, 3],
    [3, 3],
    [3, 3],
  ];
  servers[0]!.socketsJoin('room');
  await until(async () => isDeepStrictEqual(await counts(), whole));

  cloud.partition(0);
  await cloud.settled();
  expect(await counts()).toEqual([
    [1, 1],
    [2, 2],
    [2, 2],
  ]);
  servers.forEach((server, at) => server.to('room').emit(`apart ${at}`));
  servers[1]!.socketsJoin('made apart');
  cloud.heal();
  await cloud.settled();
  await until(async () => isDeepStrictEqual(await counts(), whole));
  servers.forEach((server, at) => server.to('room').emit(`again ${at}`));
  servers[0]!.to('made apart').emit('new room');
  const again = [['again 0'], ['again 1'], ['again 2']];
  const expected = [
    [['apart 0'], ...again],
    [['apart 1'], ['apart 2'], ['new room'], ...again],
    [['apart 1'], ['apart 2'], ['new room'], ...again],
  ];
  await until(() =>
    heard.every((each, at) => each.length === expected[at]!.length),
  );
  const sorted = (lists: unknown[][][]) =>
    lists.map((list) => list.map(([event]) => String(event)).toSorted());
  expect(sorted(heard)).toEqual(sorted(expected));
});
