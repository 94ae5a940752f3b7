import { Injectable, type INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import request from 'supertest';
import {
  MembershipService,
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  type Peer,
  PeerCloudModule,
  PeerSender,
} from '../../../src/index.js';
import { closePeers, QUICK, startPeer } from './support/peer-app.js';
import { until } from '../../support/until.js';

@Injectable()
class Notifier {
  readonly heard: string[] = [];

  constructor(
    readonly membership: MembershipService,
    readonly messaging: MessagingService,
  ) {}

  /** What an app does with the two services. */
  async tellAll(): Promise<number> {
    await this.messaging.broadcast({ type: 'news' });
    return this.membership.peers().length;
  }

  @OnPeerMessage('greet')
  greet(@PeerSender() sender: Peer) {
    return { hello: sender.id };
  }

  @OnPeerEvent('peer.joined')
  joined({ peer }: { peer: Peer }) {
    this.heard.push(peer.id);
  }
}

/** The documented methods, as a user's test writes them. */
const fakeMembership = {
  self: { id: 'fake' },
  isJoined: true,
  peers: () => [{ id: 'a' }, { id: 'b' }],
  get: () => undefined,
  whenJoined: async () => Promise.resolve(),
};

describe.each(['mounted', 'own listener'] as const)(
  'services replaced in a test, %s',
  (place) => {
    let app: INestApplication<Server> | undefined;

    afterEach(async () => {
      await app?.close();
      app = undefined;
      await closePeers();
    });

    async function start(
      override: (builder: TestingModuleBuilder) => TestingModuleBuilder,
      peers: string[] = [],
    ) {
      const listener = { port: 0, host: '127.0.0.1' };
      const builder = Test.createTestingModule({
        imports: [
          PeerCloudModule.forRoot({
            ...QUICK,
            id: 'under-test',
            peers,
            ...(place === 'own listener' && { listener }),
          }),
        ],
        providers: [Notifier],
      });
      const module = await override(builder).compile();
      app = module.createNestApplication<INestApplication<Server>>({
        logger: false,
      });
      await app.listen(0, '127.0.0.1');
      return app;
    }

    it('MembershipService and MessagingService by what a test needs of them', async () => {
      const broadcast = vi.fn(async () => Promise.resolve([]));
      const running = await start((builder) =>
        builder
          .overrideProvider(MembershipService)
          .useValue(fakeMembership)
          .overrideProvider(MessagingService)
          .useValue({ broadcast }),
      );
      expect(await running.get(Notifier).tellAll()).toBe(2);
      expect(broadcast).toHaveBeenCalledWith({ type: 'news' });
    });

    it('what peers send passes by the MessagingService of the test', async () => {
      const send = vi.fn(async () => Promise.resolve({ from: 'the test' }));
      const running = await start((builder) =>
        builder.overrideProvider(MessagingService).useValue({ send }),
      );
      const { self } = running.get(MembershipService);
      expect(await self.send({ n: 1 })).toEqual({ from: 'the test' });
      expect(send).toHaveBeenCalledWith('under-test', { n: 1 }, undefined);
    });

    it('the cloud, its events and its handlers go on behind it', async () => {
      const other = await startPeer({ options: { id: 'other' } });
      const running = await start(
        (builder) =>
          builder
            .overrideProvider(MembershipService)
            .useValue({ peers: () => [] }),
        [other.address],
      );
      await until(() => other.membership.get('under-test'));
      await until(() => running.get(Notifier).heard.includes('other'));
      expect(
        await other.membership.get('under-test')!.send({ type: 'greet' }),
      ).toEqual({ hello: 'other' });
      if (place === 'mounted') {
        await request(running.getHttpServer()).post('/status').expect(200);
      }
    });
  },
);
