import {
  Cache as NestCache,
  CACHE_MANAGER,
  CacheInterceptor,
  CacheKey,
  CacheTTL,
} from '@nestjs/cache-manager';
import {
  BadRequestException,
  Controller,
  Get,
  Inject,
  Injectable,
  UseInterceptors,
  type LoggerService,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  CacheTags,
  NotEverywhereError,
  PeerCache,
  PeerCacheModule,
  type PeerCacheOptions,
} from '../../../src/integrations/cache/index.js';
import { KeysService, OptionsError } from '../../../src/index.js';
import { addReplica, closeReplicas } from '../../support/replicas.js';
import { until } from '../../support/until.js';
import {
  addCache,
  startCache,
  startCaches,
  type CacheReplica,
} from './replica.js';

afterEach(closeReplicas);

const CHANNEL = 'nestjs-peercloud/cache';

/** Puts the same entry into each replica, without telling the others. */
async function fillAll(
  replicas: CacheReplica[],
  key: string,
  tags: string[] = [],
) {
  for (const { cache } of replicas) {
    await cache.wrap(key, () => 'old', { tags });
  }
}

function kept(replicas: CacheReplica[], key: string): Promise<unknown[]> {
  return Promise.all(replicas.map(({ cache }) => cache.get(key)));
}

describe('what the app changes', () => {
  it('is dropped at all others, by each of the methods', async () => {
    const replicas = await startCaches(3);
    const [{ cache }] = replicas as [CacheReplica];
    const changes: [string, () => Promise<unknown>, unknown][] = [
      ['set', () => cache.set('k', 'new'), 'new'],
      ['del', () => cache.del('k'), undefined],
      [
        'mset',
        () =>
          cache.mset([
            { key: 'other', value: 'new' },
            { key: 'k', value: 'new' },
          ]),
        'new',
      ],
      ['mdel', () => cache.mdel(['other', 'k']), undefined],
      ['delTags', () => cache.delTags(['t']), undefined],
      ['clear', () => cache.clear(), undefined],
    ];
    for (const [method, change, here] of changes) {
      await fillAll(replicas, 'k', ['t']);
      await fillAll(replicas, 'beside it');
      await change();
      await until(
        async () => {
          const values = await kept(replicas, 'k');
          return (
            values[0] === here &&
            values[1] === undefined &&
            values[2] === undefined
          );
        },
        { what: method },
      );
      const beside = method === 'clear' ? undefined : 'old';
      expect(await kept(replicas, 'beside it'), method).toEqual([
        beside,
        beside,
        beside,
      ]);
      await cache.everywhere.clear();
    }
  });

  it('is dropped at all members when everywhere resolves', async () => {
    const replicas = await startCaches(3);
    const { everywhere } = replicas[1]!.cache;
    const drops = [
      () => everywhere.del('k'),
      () => everywhere.mdel(['k']),
      () => everywhere.delTags(['t']),
      () => everywhere.clear(),
    ];
    for (const drop of drops) {
      await fillAll(replicas, 'k', ['t']);
      await drop();
      expect(await kept(replicas, 'k')).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  it('travels as one message for all that is changed in one turn', async () => {
    const messages: unknown[] = [];
    const one = await startCache();
    const other = await addReplica();
    other.messaging.channel(CHANNEL).handle((body) => void messages.push(body));
    await Promise.all([
      one.cache.del('a'),
      one.cache.del('a'),
      one.cache.set('b', 1),
    ]);
    await one.cache.mdel(['c', 'd']);
    await one.cache.everywhere.delTags(['t']);
    expect(messages).toEqual([
      expect.objectContaining({
        keys: ['a', 'b', 'c', 'd'],
        tags: ['t'],
        after: 0,
        upTo: 6,
      }),
    ]);
  });

  it('is heard before a replica that closes is gone', async () => {
    const replicas = await startCaches(2);
    await fillAll(replicas, 'k');
    void replicas[0]!.cache.del('k');
    await replicas[0]!.close();
    expect(await replicas[1]!.cache.get('k')).toBeUndefined();
  });
});

describe('a fill', () => {
  it('of wrap() is no news to others', async () => {
    const replicas = await startCaches(2);
    await replicas[0]!.cache.wrap('k', () => 'zero');
    await replicas[1]!.cache.wrap('k', () => 'one');
    await replicas[0]!.cache.everywhere.del('something else');
    await replicas[1]!.cache.everywhere.del('something else');
    expect(await kept(replicas, 'k')).toEqual(['zero', 'one']);
  });

  it('that read before a drop at another replica does not land after it', async () => {
    const [one, other] = (await startCaches(2)) as [CacheReplica, CacheReplica];
    for (const [key, drop] of [
      ['a', () => other.cache.everywhere.del('a')],
      ['b', () => other.cache.everywhere.delTags(['t'])],
      ['c', () => other.cache.everywhere.clear()],
      ['d', () => one.cache.del('d')],
    ] as const) {
      let resolve: (value: string) => void = () => undefined;
      const promise = new Promise<string>((done) => (resolve = done));
      const reading = one.cache.wrap(key, () => promise, { tags: ['t'] });
      await new Promise(setImmediate);
      await drop();
      const late = one.cache.wrap(key, () => 'new', { tags: ['t'] });
      resolve('old');
      expect(await Promise.all([reading, late])).toEqual(['old', 'new']);
      expect(await one.cache.get(key)).not.toBe('old');
    }
  });

  it('is loaded once by those who ask at the same time', async () => {
    const { cache } = await startCache();
    const load = vi.fn(() => Promise.resolve(1));
    const values = await Promise.all(
      [1, 2, 3].map(() => cache.wrap('k', load)),
    );
    expect(values).toEqual([1, 1, 1]);
    expect(load).toHaveBeenCalledTimes(1);
  });
});

describe('CacheInterceptor', () => {
  let answers = 0;

  @Controller()
  @UseInterceptors(CacheInterceptor)
  class Prices {
    constructor(@Inject(CACHE_MANAGER) readonly cache: PeerCache) {}

    @Get('tea')
    @CacheKey('tea')
    @CacheTTL(30_000)
    @CacheTags(['drinks'])
    tea() {
      return { answer: ++answers };
    }

    @Get('changing')
    @CacheKey('changing')
    async changing() {
      await this.cache.del('tea');
      return { answer: ++answers };
    }
  }

  const get = async ({ app }: CacheReplica, path: string): Promise<unknown> =>
    (await request(app.getHttpServer() as Server).get(`/${path}`)).body;

  it('fills without telling others, and what its handler drops is dropped', async () => {
    answers = 0;
    const replicas = await startCaches(2, { controllers: [Prices] });
    const [one, other] = replicas as [CacheReplica, CacheReplica];
    expect(await get(one, 'tea')).toEqual({ answer: 1 });
    expect(await get(other, 'tea')).toEqual({ answer: 2 });
    await one.cache.everywhere.del('nothing');
    await other.cache.everywhere.del('nothing');
    expect(await get(one, 'tea')).toEqual({ answer: 1 });
    expect(await get(other, 'tea')).toEqual({ answer: 2 });
    expect(await one.cache.ttl('tea')).toBeLessThanOrEqual(Date.now() + 30_000);

    await get(one, 'changing');
    await one.cache.everywhere.del('nothing');
    expect(await kept(replicas, 'tea')).toEqual([undefined, undefined]);
    expect(await one.cache.get('changing')).toEqual({ answer: 3 });
  });

  it('keeps the tags of @CacheTags()', async () => {
    const replicas = await startCaches(2, { controllers: [Prices] });
    await get(replicas[0]!, 'tea');
    await get(replicas[1]!, 'tea');
    await replicas[0]!.cache.everywhere.delTags(['drinks']);
    expect(await kept(replicas, 'tea')).toEqual([undefined, undefined]);
  });
});

describe('entries', () => {
  it.each([
    ['Keyv 5', () => new Keyv()],
    ['Keyv 6', () => new Keyv6()],
    ['a Map', () => new Map<string, unknown>()],
  ])('are kept in %s', async (_, store) => {
    const { cache } = await startCache({
      options: { stores: store(), ttl: 5000 },
    });
    await cache.set('a', { b: 1 });
    expect(await cache.get('a')).toEqual({ b: 1 });
    expect(await cache.wrap('a', () => ({ b: 2 }))).toEqual({ b: 1 });
    expect(await cache.mget(['x', 'a'])).toEqual([undefined, { b: 1 }]);
    expect(await cache.ttl('a')).toBeGreaterThan(Date.now());
    await cache.del('a');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('have a TTL each, whatever the app says', async () => {
    const { cache } = await startCache({ options: { ttl: 5000 } });
    for (const ttl of [undefined, null, 0, -1, NaN, Infinity]) {
      await cache.set('k', 1, ttl);
      expect(await cache.ttl('k')).toBeLessThanOrEqual(Date.now() + 5000);
    }
    await cache.set('k', 1, 60_000);
    expect(await cache.ttl('k')).toBeGreaterThan(Date.now() + 50_000);
  });

  it('are so many at most', async () => {
    const { cache } = await startCache({ options: { maxEntries: 3 } });
    for (const key of ['a', 'b', 'c']) {
      await cache.set(key, key);
    }
    await cache.get('a');
    await cache.wrap('d', () => 'd', { tags: ['t'] });
    expect(await cache.mget(['a', 'b', 'c', 'd'])).toEqual([
      'a',
      undefined,
      'c',
      'd',
    ]);
  });

  it('are found by the tokens of @nestjs/cache-manager', async () => {
    const replica = await startCache();
    expect(replica.get(CACHE_MANAGER)).toBe(replica.cache);
    expect(replica.get(NestCache)).toBe(replica.cache);
  });
});

describe('singleFlight()', () => {
  let loads: string[] = [];

  @Injectable()
  class Reports {
    readonly report: (id: string) => Promise<{ id: string; at: Date | string }>;

    constructor(cache: PeerCache) {
      this.report = cache.singleFlight('report', async (id: string) => {
        loads.push(id);
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (id === 'broken' && loads.length === 1) {
          throw new Error('the source is away');
        }
        return { id, at: new Date(loads.length) };
      });
    }
  }

  beforeEach(() => (loads = []));

  async function startReports(): Promise<CacheReplica[]> {
    const replicas = await startCaches(3, { providers: [Reports] });
    await until(() =>
      replicas.every(
        (each) => each.get(KeysService).ownersOf('k', 3).length === 3,
      ),
    );
    return replicas;
  }

  it('loads once for all replicas, and again after a drop', async () => {
    const replicas = await startReports();
    const read = () =>
      Promise.all(replicas.map((each) => each.get(Reports).report('q3')));
    const first = { id: 'q3', at: new Date(1).toISOString() };
    expect(await read()).toEqual([first, first, first]);
    expect(await read()).toEqual([first, first, first]);
    expect(loads).toEqual(['q3']);
    await replicas[0]!.cache.everywhere.del('report:q3');
    const second = { id: 'q3', at: new Date(2).toISOString() };
    expect(await read()).toEqual([second, second, second]);
    expect(loads).toEqual(['q3', 'q3']);
  });

  it('loads where it is asked when the owner fails', async () => {
    const replicas = await startReports();
    const asker = replicas.find(
      (each) => !each.get(KeysService).isOwner('report:broken'),
    )!;
    expect(await asker.get(Reports).report('broken')).toMatchObject({
      id: 'broken',
    });
    expect(loads).toEqual(['broken', 'broken']);
  });

  it('takes each name once', async () => {
    const { cache } = await startCache({ providers: [Reports] });
    expect(() => cache.singleFlight('report', () => 1)).toThrow(
      expect.objectContaining({ code: 'LOADER_NAME_TAKEN' }),
    );
  });
});

describe('other peers', () => {
  const lines: string[] = [];
  const note = (line: unknown): void => void lines.push(String(line));
  const logger: LoggerService = { log: note, warn: note, error: note };

  beforeEach(() => void (lines.length = 0));

  const about = (text: RegExp) => lines.filter((line) => text.test(line));

  it('without the module are told of nothing, and waited for by nobody', async () => {
    const one = await startCache({ logger });
    await addReplica();
    await one.cache.everywhere.del('a');
    await one.cache.everywhere.del('b');
    expect(about(/has no PeerCacheModule/)).toHaveLength(1);
  });

  it('of another version are named, and missed by everywhere', async () => {
    const one = await startCache({ logger });
    const other = await addReplica();
    await addCache();
    const channel = other.messaging.channel(CHANNEL);
    await one.cache.wrap('k', () => 1);
    for (const body of [
      {},
      { v: 2 },
      { v: 1, epoch: 'e', after: 2, upTo: 1 },
      { v: 1, epoch: 'e', after: 0, upTo: 1, keys: [1] },
      { v: 1, epoch: 'e', after: 0, upTo: 1, keys: 'all' },
      { v: 1, epoch: 'x'.repeat(100), after: 0, upTo: 1 },
      { v: 1, epoch: 'e', after: 0, upTo: 1, gone: [['e', -1]] },
      { load: { name: 'no such', id: '1' } },
      { load: 1 },
    ]) {
      await expect(channel.send(one.id, body)).rejects.toMatchObject({
        status: 400,
      });
    }
    expect(await one.cache.get('k')).toBe(1);
    expect(about(/refuses what peer/)).toHaveLength(4);
    expect(about(/version 1 is spoken here, it has 2/)).toHaveLength(1);

    channel.handle(() => {
      throw Object.assign(new BadRequestException('version 2 is spoken here'));
    });
    const error = await one.cache.everywhere
      .del('k', 300)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NotEverywhereError);
    expect((error as NotEverywhereError).peers).toEqual([other.id]);
    expect(about(/refuses to hear what is dropped here/)).toHaveLength(1);
  });

  it('that missed drops drop everything', async () => {
    const one = await startCache();
    const other = await addReplica();
    const channel = other.messaging.channel(CHANNEL);
    const say = (after: number, upTo: number, keys: string[]) =>
      channel.send(one.id, { v: 1, epoch: 'e', after, upTo, keys });
    await one.cache.wrap('k', () => 1);
    await say(0, 1, ['a']);
    await say(0, 1, ['a']);
    await say(1, 2, ['b']);
    expect(await one.cache.get('k')).toBe(1);
    await say(3, 4, ['c']);
    expect(await one.cache.get('k')).toBeUndefined();
  });
});

describe('options', () => {
  it.each([
    [{ ttl: 0 }, /ttl: 0: must be a whole number/],
    [{ maxEntries: 1.5 }, /maxEntries: 1.5/],
    [{ nonBlocking: true }, /nonBlocking: true: leave it out/],
    [{ namespace: 'a b' }, /namespace: "a b"/],
  ])('%j end the start', async (options, message) => {
    const start = startCache({ options: options as PeerCacheOptions });
    await expect(start).rejects.toThrow(OptionsError);
    await expect(start).rejects.toThrow(message);
  });

  it('need the cloud beside them', async () => {
    const module = await Test.createTestingModule({
      imports: [PeerCacheModule.forRoot()],
    }).compile();
    await expect(module.init()).rejects.toThrow(/import PeerCloudModule/);
  });
});
