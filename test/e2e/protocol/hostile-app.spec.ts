import { VersioningType } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ThrottlerGuard } from '@nestjs/throttler';
import compression from 'compression';
import {
  EnvelopeInterceptor,
  EverythingIsPrivateGuard,
  ImpatientInterceptor,
  OwnMessageController,
  prepareHostileApp,
  Public,
  STRICT_THROTTLERS,
  TeapotFilter,
} from './support/hostile-app.js';
import {
  createProtocolApp,
  SELF_ID,
  WAYS,
  type AdapterName,
  type Mode,
  type ProtocolApp,
} from './support/protocol-app.js';

const ADAPTERS: AdapterName[] = ['express', 'fastify'];

/** Asks every endpoint for something right and something wrong. */
async function expectSoundWire(peer: ProtocolApp): Promise<void> {
  await peer.join('member-a', 4001);
  await peer.join('member-b', 4002, { unknown: 'property' });
  for (const path of ['/status', '/check']) {
    const answer = await peer.post(path, { any: 'thing' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: SELF_ID, joined: true });
  }
  const expected: [string, object, object][] = [
    ['/message', { type: 'any' }, {}],
    ['/update', { id: 'member-a', data: { n: 2 } }, { status: 'updated' }],
    ['/left', { id: 'member-b' }, { status: 'removed' }],
    ['/left', { id: 'member-a' }, { status: 'removed' }],
  ];
  for (const [path, body, answered] of expected) {
    const answer = await peer.post(path, body, 'member-a');
    expect([path, answer.status, answer.body]).toEqual([path, 200, answered]);
  }
  const stranger = await peer.post('/message', {}, 'stranger');
  expect(stranger.status).toBe(403);
  expect(stranger.body).toMatchObject({ code: 'UNKNOWN_SENDER' });
  const broken = await peer
    .post('/join')
    .set('content-type', 'application/json')
    .send('{');
  expect(broken.status).toBe(400);
  expect(broken.body).toMatchObject({ code: 'INVALID_JSON' });
  const wrong = await peer.post('/join', { id: 7 });
  expect(wrong.status).toBe(400);
  expect(wrong.body).toMatchObject({ code: 'INVALID_BODY' });
}

function createHostileApp(way: {
  adapter: AdapterName;
  mode: Mode;
}): Promise<ProtocolApp> {
  return createProtocolApp({
    ...way,
    options: way.mode === 'mounted' ? { decorators: [Public()] } : {},
    imports: [STRICT_THROTTLERS],
    controllers: [OwnMessageController],
    providers: [
      { provide: APP_GUARD, useClass: EverythingIsPrivateGuard },
      { provide: APP_GUARD, useClass: ThrottlerGuard },
      { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
      { provide: APP_INTERCEPTOR, useClass: ImpatientInterceptor },
      { provide: APP_FILTER, useClass: TeapotFilter },
    ],
    prepare: prepareHostileApp,
  });
}

describe('in a hostile app', () => {
  it.each(WAYS)(
    'the wire is as if the app were not there, $adapter, $mode',
    async (way) => {
      const peer = await createHostileApp(way);
      await expectSoundWire(peer);
      expect(peer.logs.of('error')).toEqual([]);
      await peer.close();
    },
  );

  it.each(ADAPTERS)(
    'the app’s own routes stay where its prefix and version put them, %s',
    async (adapter) => {
      const peer = await createHostileApp({ adapter, mode: 'mounted' });
      const own = await peer.post('/api/v1/message', { a: 1 });
      expect(own.body).toEqual({ wrapped: true, data: { own: { a: 1 } } });
      for (const path of ['/api/v1/status', '/api/status', '/v1/status']) {
        expect((await peer.post(path, {})).status).not.toBe(200);
      }
      await peer.close();
    },
  );
});

describe('in an app that compresses its answers', () => {
  it('the wire is as it is', async () => {
    const peer = await createProtocolApp({
      prepare: (app) => app.use(compression({ threshold: 0 })),
    });
    await expectSoundWire(peer);
    const answer = await peer
      .post('/status', {})
      .set('accept-encoding', 'gzip');
    expect(answer.headers['content-encoding']).toBeUndefined();
    await peer.close();
  });
});

describe.each(ADAPTERS)('in an app with its own ways, %s', (adapter) => {
  let peer: ProtocolApp | undefined;

  afterEach(async () => {
    await peer?.close();
    peer = undefined;
  });

  it.each([
    ['without a body parser', { bodyParser: false }],
    ['with raw bodies', { rawBody: true }],
  ])('%s', async (_name, nest) => {
    peer = await createProtocolApp({ adapter, nest });
    await expectSoundWire(peer);
  });

  it.each([
    ['header', { type: VersioningType.HEADER, header: 'x-version' }],
    ['media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' }],
  ] as const)('with %s versioning and a default', async (_name, versioning) => {
    peer = await createProtocolApp({
      adapter,
      prepare: (app) =>
        app.enableVersioning({ ...versioning, defaultVersion: '1' }),
    });
    await expectSoundWire(peer);
  });

  it('that takes no bodies over 100 bytes itself', async () => {
    peer = await createProtocolApp({
      adapter,
      prepare: (app) =>
        (
          app as unknown as {
            useBodyParser(type: string, options: object): void;
          }
        ).useBodyParser(
          adapter === 'express' ? 'json' : 'application/json',
          adapter === 'express' ? { limit: 100 } : { bodyLimit: 100 },
        ),
    });
    await peer.join('member-a', 4001);
    const large = { text: 'x'.repeat(200_000) };
    const answer = await peer.post('/message', large, 'member-a');
    expect(answer.status).toBe(200);
  });

  it('a guard that refuses everything stands in the way without the decorators', async () => {
    peer = await createProtocolApp({
      adapter,
      providers: [{ provide: APP_GUARD, useClass: EverythingIsPrivateGuard }],
    });
    expect((await peer.post('/status', {})).status).toBe(403);
  });

  it('two apps of one process decorate their controllers differently', async () => {
    const guard = { provide: APP_GUARD, useClass: EverythingIsPrivateGuard };
    const open = await createProtocolApp({
      adapter,
      options: { decorators: [Public()] },
      providers: [guard],
    });
    peer = await createProtocolApp({ adapter, providers: [guard] });
    expect((await open.post('/status', {})).status).toBe(200);
    expect((await peer.post('/status', {})).status).toBe(403);
    await open.close();
  });
});
