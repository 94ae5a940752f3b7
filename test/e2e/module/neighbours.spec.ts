import {
  Controller,
  Injectable,
  Module,
  Post,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { OnPeerMessage, PeerBody } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  CountingStore,
  expressNeighbours,
  fastifyNeighbours,
  type FastifyApplication,
} from './support/neighbours.js';
import {
  agree,
  appPort,
  closePeers,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Handlers {
  @OnPeerMessage('double')
  double(@PeerBody('n') n: number) {
    return { twice: n * 2 };
  }
}

@Controller()
class OwnController {
  @Post('own')
  own() {
    return { own: true };
  }
}

/** A cloud of two with such neighbours does all that a cloud does. */
async function expectSoundCloud(setup: PeerAppSetup): Promise<PeerApp> {
  const peers: PeerApp[] = [];
  for (const stream of [undefined, false] as const) {
    peers.push(
      await startPeer({
        providers: [Handlers],
        controllers: [OwnController],
        ...setup,
        options: {
          peers: peers.map(({ address }) => address),
          ...(stream === false && { messaging: { stream } }),
          ...setup.options,
        },
      }),
    );
  }
  const [first, second] = peers as [PeerApp, PeerApp];
  await until(() => agree(peers));
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    for (let n = 0; n < 3; n++) {
      expect(
        await from.messaging.send(to.membership.self.id, { type: 'double', n }),
      ).toEqual({ twice: n * 2 });
    }
  }
  await second.membership.update({ role: 'changed' });
  await until(() => first.membership.peers()[0]!.data.role === 'changed');
  await second.close();
  await until(() => first.membership.peers().length === 0);
  expect(first.events.at(-1)?.type).not.toBe('peer.suspected');
  return first;
}

function postOwn(peer: PeerApp): Promise<Response> {
  return fetch(`http://127.0.0.1:${appPort(peer)}/own`, { method: 'POST' });
}

const expressNames = Object.keys(expressNeighbours(new CountingStore()));
const fastifyNames = Object.keys(fastifyNeighbours(new CountingStore()));

describe('beside the middlewares of an Express app', () => {
  it.each(expressNames)('%s', async (name) => {
    const store = new CountingStore();
    await expectSoundCloud({
      prepare: (app) => expressNeighbours(store)[name]!(app),
    });
    expect(store.saved).toBe(0);
  });

  it.each(['mounted', 'own listener'] as const)(
    'all of them at once, %s, and the app’s own routes have them still',
    async (place) => {
      const store = new CountingStore();
      const peer = await expectSoundCloud({
        place,
        prepare: (app) => {
          const { 'a login of its own': last, ...others } =
            expressNeighbours(store);
          for (const add of [...Object.values(others), last!]) {
            add(app);
          }
        },
      });
      expect(store.saved).toBe(0);
      const own = await postOwn(peer);
      expect(own.status).not.toBe(201);
      expect(own.headers.get('x-response-time') ?? own.status).toBeTruthy();
      await until(() => store.saved > 0);
    },
  );

  it('a middleware of a module', async () => {
    let seen = 0;
    @Module({})
    class Neighbour implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply((_request: object, response: { end(): void }) => {
            seen++;
            response.end();
          })
          .forRoutes('*');
      }
    }
    const peer = await expectSoundCloud({ imports: [Neighbour] });
    expect(seen).toBe(0);
    await postOwn(peer);
    expect(seen).toBe(1);
  });
});

describe('beside the plugins of a Fastify app', () => {
  it.each(fastifyNames)('%s', async (name) => {
    const store = new CountingStore();
    await expectSoundCloud({
      adapter: 'fastify',
      prepare: (app) =>
        fastifyNeighbours(store)[name]!(app as FastifyApplication),
    });
    expect(store.saved).toBe(0);
  });

  it.each(['mounted', 'own listener'] as const)(
    'many of them at once, %s, and the app’s own routes have them still',
    async (place) => {
      const store = new CountingStore();
      const peer = await expectSoundCloud({
        adapter: 'fastify',
        place,
        prepare: async (app: INestApplication) => {
          const all = fastifyNeighbours(store);
          for (const name of [
            '@fastify/rate-limit',
            '@fastify/helmet',
            '@fastify/cors',
            '@fastify/session',
            '@fastify/under-pressure',
            '@fastify/etag',
            'a hook before the handler',
          ]) {
            await all[name]!(app as FastifyApplication);
          }
        },
      });
      expect(store.saved).toBe(0);
      const own = await postOwn(peer);
      expect(own.status).not.toBe(201);
      expect(own.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    },
  );

  it('a middleware of a module', async () => {
    let seen = 0;
    @Module({})
    class Neighbour implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply((_request: object, response: { end(): void }) => {
            seen++;
            response.end();
          })
          .forRoutes('*');
      }
    }
    const peer = await expectSoundCloud({
      adapter: 'fastify',
      imports: [Neighbour],
    });
    expect(seen).toBe(0);
    await postOwn(peer);
    expect(seen).toBe(1);
  });
});
