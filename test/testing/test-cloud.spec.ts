import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type INestApplicationContext,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import request from 'supertest';
import {
  KeysService,
  MembershipService,
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  PEER_CLOUD_OPTIONS,
  PeerBody,
  type Peer,
  PeerCloudModule,
  type PeerLeftEvent,
  PeerMetadata,
} from '../../src/index.js';
import { createTestCloud, type TestCloud } from '../../src/testing/index.js';

@Injectable()
class Greeter implements OnApplicationShutdown {
  readonly left: string[] = [];
  shutdowns = 0;

  constructor(@Inject('greeting') readonly greeting: string) {}

  @OnPeerMessage('greet')
  greet(@PeerBody('name') name: string, @PeerMetadata('tenant') tenant = '') {
    return { text: `${this.greeting} ${name}${tenant}` };
  }

  @OnPeerMessage('owned', { key: ({ key }: { key: string }) => key })
  owned(_body: object, sender: Peer) {
    return { from: sender.id };
  }

  @OnPeerMessage('slow')
  slow() {
    return new Promise(() => {});
  }

  @OnPeerEvent('peer.left')
  onLeft({ peer, reason }: PeerLeftEvent) {
    this.left.push(`${peer.id} ${reason}`);
  }

  onApplicationShutdown() {
    this.shutdowns++;
  }
}

@Controller()
class GreetingController {
  constructor(private readonly membership: MembershipService) {}

  @Get('members')
  members() {
    return { members: this.membership.peers().length + 1 };
  }
}

@Module({
  imports: [PeerCloudModule.forRoot({ cloud: 'greetings' })],
  controllers: [GreetingController],
  providers: [Greeter, { provide: 'greeting', useValue: 'hello' }],
})
class AppModule {}

const greet = (cloud: TestCloud, from: number, to: number, timeout = 5000) =>
  cloud
    .get(from, MessagingService)
    .send(cloud.id(to), { type: 'greet', name: 'Ada' }, { timeout });

const listOf = (cloud: TestCloud, index: number) =>
  cloud
    .get(index, MembershipService)
    .peers()
    .map(({ id }) => id)
    .sort();

const idsOf = (cloud: TestCloud, ...indexes: number[]) =>
  indexes.map((index) => cloud.id(index)).sort();

describe('a test cloud', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is a cloud of whole apps, all of them settled', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    expect(cloud.apps).toHaveLength(3);
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
    expect(listOf(cloud, 2)).toEqual(idsOf(cloud, 0, 1));
    for (const index of [0, 1, 2]) {
      const owners = cloud.get(index, KeysService).ownersOf('a key', 3);
      expect(owners).toHaveLength(3);
    }
  });

  it('goes through a partition, its healing and a kill', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.partition(0, [1, 2]);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual([]);
    expect(listOf(cloud, 1)).toEqual(idsOf(cloud, 2));
    cloud.heal();
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
    const heard = cloud.get(0, Greeter).left.length;
    await cloud.kill(2);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1));
    expect(cloud.get(0, Greeter).left.slice(heard)).toEqual([
      `${cloud.id(2)} dead`,
    ]);
    expect(await greet(cloud, 0, 1)).toEqual({ text: 'hello Ada' });
  });

  it('carries everything that apps send', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    const messaging = cloud.get(0, MessagingService);
    const results = await messaging.broadcast(
      { type: 'greet', name: 'Ada' },
      { metadata: { tenant: ' of acme' }, includeSelf: true },
    );
    expect(results.map(({ value, error }) => error ?? value)).toEqual(
      Array.from({ length: 3 }, () => ({ text: 'hello Ada of acme' })),
    );
    cloud
      .get(1, MessagingService)
      .channel('test')
      .handle((body) => ({ got: body }));
    const channel = messaging.channel('test');
    expect(await channel.send(cloud.id(1), { n: 1 })).toEqual({
      got: { n: 1 },
    });
    expect(await channel.send(cloud.id(2), { n: 1 })).toBeUndefined();
    const { by } = await cloud
      .get(2, KeysService)
      .send('a key', { type: 'owned', key: 'a key' });
    expect(by).toBe(cloud.get(0, KeysService).ownerOf('a key').id);
    await expect(
      messaging.send(cloud.id(1), { type: 'unknown' }),
    ).rejects.toMatchObject({ code: 'NO_HANDLER' });
    const large = 'x'.repeat(2 ** 20);
    await expect(
      messaging.send(cloud.id(1), { type: 'greet', name: large }),
    ).rejects.toMatchObject({ code: 'BAD_STATUS', status: 413 });
  });

  it('carries messages without streams as well', async () => {
    await using cloud = await createTestCloud(2, AppModule, {
      peerCloud: { messaging: { stream: false } },
    });
    const metadata = { tenant: ' of acme' };
    const messaging = cloud.get(0, MessagingService);
    expect(
      await messaging.send(
        cloud.id(1),
        { type: 'greet', name: 'Ada' },
        { metadata },
      ),
    ).toEqual({ text: 'hello Ada of acme' });
    await expect(
      messaging.send(cloud.id(1), { type: 'unknown' }),
    ).rejects.toMatchObject({ code: 'NO_HANDLER' });
  });

  it('writes down who sent what to whom, and the outcome', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    await greet(cloud, 0, 1);
    await greet(cloud, 2, 2);
    const failed = cloud
      .get(1, MessagingService)
      .send(cloud.id(0), { type: 'unknown' });
    await expect(failed).rejects.toThrow();
    void cloud
      .get(1, MessagingService)
      .send(cloud.id(0), { type: 'slow' }, { metadata: { a: 'b' } })
      .catch(() => {});
    const body = { type: 'greet', name: 'Ada' };
    const outcome = { reply: { text: 'hello Ada' } };
    expect(cloud.messages).toEqual([
      { from: 0, to: 1, body, outcome },
      { from: 2, to: 2, body, outcome },
      {
        from: 1,
        to: 0,
        body: { type: 'unknown' },
        outcome: { error: expect.objectContaining({ code: 'NO_HANDLER' }) },
      },
      { from: 1, to: 0, body: { type: 'slow' }, metadata: { a: 'b' } },
    ]);
  });

  it('settles what waits for an app that is killed', async () => {
    await using cloud = await createTestCloud(2, AppModule);
    const waiting = cloud
      .get(0, MessagingService)
      .send(cloud.id(1), { type: 'slow' });
    const failed = expect(waiting).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
    await cloud.until(() => cloud.messages.length === 1);
    await greet(cloud, 0, 1);
    const { shutdowns } = cloud.get(1, Greeter);
    await cloud.kill(1);
    await failed;
    expect(cloud.get(1, Greeter).shutdowns).toBe(shutdowns + 1);
    await expect(greet(cloud, 1, 0)).rejects.toThrow();
    await expect(greet(cloud, 0, 1)).rejects.toThrow();
  });

  it('restarts an app that was killed, and one that runs', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    const [first] = cloud.apps;
    const killed = cloud.id(2);
    await cloud.kill(2);
    await cloud.restart(2);
    const restarted = await cloud.restart(0);
    await cloud.settled();
    expect(cloud.apps[0]).toBe(restarted);
    expect(restarted).not.toBe(first);
    expect(listOf(cloud, 1)).toEqual(idsOf(cloud, 0, 2));
    expect(cloud.id(2)).not.toBe(killed);
    expect(await greet(cloud, 1, 0)).toEqual({ text: 'hello Ada' });
    expect(cloud.get(1, Greeter).left).toContainEqual(
      expect.stringContaining('left'),
    );
  });

  it('stalls an app, and wakes it', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.stall(1);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 2));
    cloud.wake(1);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
    expect(listOf(cloud, 1)).toEqual(idsOf(cloud, 0, 2));
  });

  it('a short stall is forgiven', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.stall(1);
    const reply = greet(cloud, 0, 1);
    await cloud.advance(1000);
    expect(cloud.messages[0]!.outcome).toBeUndefined();
    cloud.wake(1);
    expect(await reply).toEqual({ text: 'hello Ada' });
    await cloud.settled();
    expect(cloud.get(0, Greeter).left).toEqual([]);
  });

  it('adds apps', async () => {
    await using cloud = await createTestCloud(1, AppModule);
    expect(await cloud.add(2)).toEqual([1, 2]);
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
  });

  it('notices an app that the test closes itself', async () => {
    await using cloud = await createTestCloud(2, AppModule);
    await cloud.apps[1]!.close();
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual([]);
    expect(cloud.get(0, Greeter).left).toEqual([`${cloud.id(1)} left`]);
  });

  it('heals one partition of two', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.partition(0);
    const heal = cloud.partition(1, 2);
    await cloud.settled();
    expect(listOf(cloud, 1)).toEqual([]);
    heal();
    await cloud.settled();
    expect(listOf(cloud, 1)).toEqual(idsOf(cloud, 2));
    expect(listOf(cloud, 0)).toEqual([]);
  });

  it('stays one cloud where a third one reaches both sides', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.partition(0, 1);
    await cloud.advance(30_000);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
    await expect(greet(cloud, 0, 1, 20)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('has latency and loss', async () => {
    await using cloud = await createTestCloud(3, AppModule, {
      clock: 'virtual',
      seed: 3,
    });
    await greet(cloud, 0, 1);
    cloud.latency(100);
    const reply = greet(cloud, 0, 1);
    await cloud.advance(199);
    expect(cloud.messages[1]!.outcome).toBeUndefined();
    await cloud.advance(1);
    expect(await reply).toEqual({ text: 'hello Ada' });
    cloud.latency((random) => random.next() * 10);
    cloud.loss(0.3);
    const replies = [1, 2, 1, 2].map((to) => greet(cloud, 0, to));
    await cloud.until(() => cloud.messages.every(({ outcome }) => outcome));
    expect(await Promise.all(replies)).toHaveLength(4);
    await cloud.settled();
    expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1, 2));
  });

  it('repeats with its seed what chance decided', async () => {
    const run = async (seed?: number) => {
      await using cloud = await createTestCloud(3, AppModule, {
        clock: 'virtual',
        seed,
      });
      cloud.loss(0.1);
      await cloud.advance(20_000);
      const lists = [0, 1, 2].map((index) => listOf(cloud, index));
      return { seed: cloud.seed, lists, ids: idsOf(cloud, 0, 1, 2) };
    };
    const first = await run();
    expect(await run(first.seed)).toEqual(first);
    expect((await run(first.seed + 1)).ids).not.toEqual(first.ids);
  });

  it('lets each app be overridden as a testing module', async () => {
    await using cloud = await createTestCloud(2, AppModule, {
      configure: (builder, index) =>
        builder.overrideProvider('greeting').useValue(`${index}:`),
      peerCloud: (index) => ({ id: `app-${index}`, data: { index } }),
    });
    expect(await greet(cloud, 0, 1)).toEqual({ text: '1: Ada' });
    expect(cloud.id(1)).toBe('app-1');
    expect(cloud.get(0, MembershipService).get('app-1')!.data).toEqual({
      index: 1,
    });
    expect(cloud.get(0, PEER_CLOUD_OPTIONS)).toMatchObject({
      cloud: 'greetings',
    });
  });

  it.each(['express', 'fastify'] as const)(
    'answers HTTP requests of a test, with %s',
    async (adapter) => {
      await using cloud = await createTestCloud(2, AppModule, {
        createApp: (module) => {
          const app =
            adapter === 'express'
              ? module.createNestApplication()
              : module.createNestApplication(new FastifyAdapter());
          return app.setGlobalPrefix('api');
        },
      });
      const [app] = cloud.apps;
      if (adapter === 'fastify') {
        await app!.getHttpAdapter().getInstance().ready();
      }
      await request(app!.getHttpServer())
        .get('/api/members')
        .expect(200, { members: 2 });
    },
  );

  it('needs no HTTP', async () => {
    await using cloud = await createTestCloud<INestApplicationContext>(
      2,
      {
        imports: [PeerCloudModule.forRootAsync({ useFactory: () => ({}) })],
        providers: [Greeter, { provide: 'greeting', useValue: 'hi' }],
      },
      { createApp: (module) => module },
    );
    const reply = await cloud
      .get(0, MessagingService)
      .send(cloud.id(1), { type: 'greet', name: 'Ada' });
    expect(reply).toEqual({ text: 'hi Ada' });
  });

  it('takes an app that is signed, with TLS, a listener and rules of its own for addresses', async () => {
    const module = PeerCloudModule.forRoot({
      enabled: false,
      peers: ['peers.example:9338'],
      listener: { port: 9338 },
      addresses: { allow: ['203.0.113.0/24'] },
      security: { secret: 'a secret of sixteen characters' },
    });
    await using cloud = await createTestCloud(2, {
      imports: [module],
      providers: [Greeter, { provide: 'greeting', useValue: 'hi' }],
    });
    expect(await greet(cloud, 0, 1)).toEqual({ text: 'hi Ada' });
  });

  it('stands beside other clouds', async () => {
    const clouds = await Promise.all([
      createTestCloud(2, AppModule),
      createTestCloud(3, AppModule),
    ]);
    try {
      clouds[0].partition(0);
      await Promise.all(clouds.map((cloud) => cloud.settled()));
      expect(clouds.map((cloud) => listOf(cloud, 0).length)).toEqual([0, 2]);
    } finally {
      await Promise.all(clouds.map((cloud) => cloud.close()));
    }
  });

  it.each(['before', 'after'])(
    'works with fake timers that are put in place %s it',
    async (when) => {
      if (when === 'before') {
        vi.useFakeTimers();
      }
      await using cloud = await createTestCloud(3, AppModule);
      vi.useFakeTimers();
      expect(await greet(cloud, 0, 1)).toEqual({ text: 'hello Ada' });
      const slow = cloud
        .get(0, MessagingService)
        .send(cloud.id(1), { type: 'slow' }, { timeout: 3000 });
      const failed = expect(slow).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.advanceTimersByTimeAsync(3100);
      await failed;
      await cloud.kill(2);
      await cloud.settled();
      expect(listOf(cloud, 0)).toEqual(idsOf(cloud, 1));
    },
  );
});
