import { Injectable, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  MembershipService,
  OnPeerMessage,
  type Peer,
  PeerBody,
  PeerCloudModule,
  PeerSender,
} from '../../../src/index.js';
import { peercloud } from '../../../src/standalone/index.js';
import { until } from '../../support/until.js';

@Injectable()
class Handlers {
  @OnPeerMessage('price.changed')
  changed(@PeerBody('item') item: string, @PeerSender() sender: Peer) {
    return { dropped: item, by: sender.data };
  }
}

/** What docs/testing.md says about testing without the kit, done. */
describe('ways to test without the kit', () => {
  const apps: INestApplication<Server>[] = [];

  afterEach(async () => {
    for (const app of apps.splice(0)) {
      await app.close();
    }
  });

  async function makeApp(peers: string[] = []) {
    const module = await Test.createTestingModule({
      imports: [PeerCloudModule.forRoot({ peers })],
      providers: [Handlers],
    }).compile();
    const app = module.createNestApplication<INestApplication<Server>>({
      logger: false,
    });
    apps.push(app);
    return app;
  }

  async function listen(app: INestApplication<Server>): Promise<string> {
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  it('a handler, by a message to oneself', async () => {
    const app = await makeApp();
    await app.init();
    const { self } = app.get(MembershipService);
    const reply = await self.send({ type: 'price.changed', item: 'tea' });
    expect(reply).toEqual({ dropped: 'tea', by: {} });
  });

  it('an endpoint, as a known sender', async () => {
    const app = await makeApp();
    const address = await listen(app);
    const sender = await peercloud({
      peers: [address],
      data: { name: 'sender' },
      host: '127.0.0.1',
      signals: false,
      logger: false,
    });
    try {
      const membership = app.get(MembershipService);
      await until(() => membership.get(sender.self.id));
      await request(app.getHttpServer())
        .post('/message')
        .set('x-peercloud-id', sender.self.id)
        .send({ type: 'price.changed', item: 'tea' })
        .expect(200, { dropped: 'tea', by: { name: 'sender' } });
    } finally {
      await sender.close();
    }
  });

  it('two apps', async () => {
    const first = await makeApp();
    const second = await makeApp([await listen(first)]);
    await listen(second);
    const [one, other] = [first, second].map((app) =>
      app.get(MembershipService),
    );
    await until(() => one!.isJoined && other!.isJoined);
    expect(other!.peers().map(({ id }) => id)).toEqual([one!.self.id]);
  });
});
