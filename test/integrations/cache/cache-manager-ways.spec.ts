import type { ModuleRef } from '@nestjs/core';
import { Keyv } from 'keyv';
import { makeParts } from '../../../src/integrations/cache/cache-parts.js';
import type { PeerCache } from '../../../src/integrations/cache/index.js';
import { resolveCacheOptions } from '../../../src/integrations/cache/peer-cache.options.js';
import { until } from '../../support/until.js';

/** What users of cache-manager are used to, of a replica that is alone. Time is that of the test. */
const TTL = 1000;
const START = Date.UTC(2026, 0, 1);

let near: Keyv;
let far: Keyv;
let cache: PeerCache;

function make(...stores: Keyv[]): PeerCache {
  const options = { stores, ttl: TTL };
  return makeParts(
    resolveCacheOptions(options),
    undefined as unknown as ModuleRef,
  ).cache;
}

/** A store that fails from now on, in one of its methods. */
function breakStore(
  store: Keyv,
  method: 'get' | 'getMany' | 'set' | 'delete' | 'clear',
): Error {
  const error = new Error(`${method} is broken`);
  store[method] = (() => {
    throw error;
  }) as never;
  return error;
}

function listen(type: Parameters<PeerCache['on']>[0]) {
  const heard = vi.fn();
  cache.on(type, heard);
  return heard;
}

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  near = new Keyv();
  far = new Keyv();
  cache = make(near, far);
});

afterEach(() => vi.useRealTimers());

describe('one entry', () => {
  it('is in every store, until its time is over', async () => {
    await cache.set('a', 1, 200);
    expect([await near.get('a'), await far.get('a')]).toEqual([1, 1]);
    expect(await cache.ttl('a')).toBe(START + 200);
    later(199);
    expect(await cache.get('a')).toBe(1);
    later(2);
    expect(await cache.get('a')).toBeUndefined();
  });

  it('is in no store once it is deleted', async () => {
    await cache.set('a', 1);
    await cache.del('a');
    expect([await near.get('a'), await far.get('a')]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('comes from the next store where one fails, and from none where all do', async () => {
    await cache.set('a', 1);
    breakStore(near, 'get');
    expect(await cache.get('a')).toBe(1);
    breakStore(far, 'get');
    expect(await cache.get('a')).toBeUndefined();
  });

  it.each([
    ['set', 'set', { key: 'a', value: 1 }],
    ['del', 'delete', { key: 'a' }],
  ] as const)(
    '%s tells what it did, and why it failed',
    async (way, method, told) => {
      const heard = listen(way);
      const act = () => (way === 'set' ? cache.set('a', 1) : cache.del('a'));
      await act();
      expect(heard).toHaveBeenLastCalledWith(expect.objectContaining(told));
      const error = breakStore(near, method);
      await expect(act()).rejects.toBe(error);
      // Told for each store, of which the second is well.
      expect(heard).toHaveBeenCalledWith(
        expect.objectContaining({ ...told, error }),
      );
    },
  );

  it('get tells what it found, and why it failed', async () => {
    const heard = listen('get');
    await cache.set('a', 1);
    await cache.get('a');
    expect(heard).toHaveBeenLastCalledWith(
      expect.objectContaining({ key: 'a', value: 1, store: 'primary' }),
    );
    await near.delete('a');
    await cache.get('a');
    expect(heard).toHaveBeenLastCalledWith(
      expect.objectContaining({ key: 'a', value: 1, store: 'secondary:0' }),
    );
    const error = breakStore(near, 'get');
    await cache.get('a');
    expect(heard).toHaveBeenCalledWith(
      expect.objectContaining({ key: 'a', error, store: 'primary' }),
    );
  });
});

describe('many entries', () => {
  const list = ['a', 'b', 'c'].map((key, at) => ({ key, value: at, ttl: 500 }));
  const keys = list.map(({ key }) => key);

  it('are set, read in their order, and deleted together', async () => {
    await cache.mset(list);
    expect(await cache.mget([...keys, 'd'])).toEqual([0, 1, 2, undefined]);
    await cache.mdel(['a', 'c']);
    expect(await cache.mget(keys)).toEqual([undefined, 1, undefined]);
  });

  it('are asked of a store only where those before it have none', async () => {
    await Promise.all([near.set('a', 0, TTL), far.set('b', 1, TTL)]);
    const last = new Keyv();
    cache = make(near, far, last);
    const asked = [near, far, last].map((store) => vi.spyOn(store, 'getMany'));
    expect(await cache.mget(['a', 'b'])).toEqual([0, 1]);
    expect(asked.map(({ mock }) => mock.calls)).toEqual([
      [[['a', 'b']]],
      [[['b']]],
      [],
    ]);
  });

  it('are missing where the stores fail, which is told', async () => {
    await cache.mset(list);
    const heard = listen('mget');
    breakStore(near, 'getMany');
    breakStore(far, 'getMany');
    expect(await cache.mget(keys)).toEqual(keys.map(() => undefined));
    expect(heard).toHaveBeenCalledWith(
      expect.objectContaining({ keys, error: expect.any(Error) }),
    );
  });
});

it('clear leaves nothing, tells, and says why it failed', async () => {
  await cache.mset([
    { key: 'a', value: 1 },
    { key: 'b', value: 2 },
  ]);
  const heard = listen('clear');
  await cache.clear();
  expect(await cache.mget(['a', 'b'])).toEqual([undefined, undefined]);
  expect(heard).toHaveBeenCalledTimes(1);
  const error = breakStore(near, 'clear');
  await expect(cache.clear()).rejects.toBe(error);
  expect(heard).toHaveBeenLastCalledWith(error);
});

describe('wrap', () => {
  it('computes once for all that ask meanwhile, and not again while it holds', async () => {
    const compute = vi.fn(async () => 'x');
    const asked = Array.from({ length: 10 }, () => cache.wrap('a', compute));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['x']));
    await cache.wrap('a', compute);
    expect(compute).toHaveBeenCalledTimes(1);
    expect([await near.get('a'), await far.get('a')]).toEqual(['x', 'x']);
  });

  it.each([
    ['a number', 300],
    ['a function of the value', (value: number) => value * 100],
    ['an option', { ttl: 300 }],
  ])('keeps the value for a TTL that is %s', async (_what, ttl) => {
    await cache.wrap('a', () => 3, ttl as never);
    later(299);
    expect(await cache.get('a')).toBe(3);
    later(2);
    expect(await cache.get('a')).toBeUndefined();
  });

  it('shows the entry itself with raw', async () => {
    const raw = { ttl: 300, raw: true } as const;
    const entry = { value: 1, expires: START + 300 };
    expect(await cache.wrap('a', () => 1, raw)).toMatchObject(entry);
    expect(await cache.wrap('a', () => 2, raw)).toMatchObject(entry);
    expect(await cache.wrap('a', () => 2, 300)).toBe(1);
  });

  it.each([
    ['numbers', TTL, 400],
    ['options', { ttl: TTL, refreshThreshold: 400 }, undefined],
    [
      'functions',
      (value: number) => value * TTL,
      (value: number) => value * 400,
    ],
  ])(
    'refreshes behind the back of who asks late, by %s',
    async (_what, ttl, threshold) => {
      const heard = listen('refresh');
      const ask = (value: number) =>
        cache.wrap('a', () => value, ttl as never, threshold as never);
      await ask(1);
      later(500);
      expect(await ask(9)).toBe(1);
      expect(heard).not.toHaveBeenCalled();
      later(200);
      expect(await ask(1.5)).toBe(1);
      await until(() => heard.mock.calls.length === 1);
      expect(heard).toHaveBeenCalledWith({ key: 'a', value: 1.5 });
      expect(await cache.get('a')).toBe(1.5);
    },
  );

  it('asks the function of the TTL anew for the value of a refresh', async () => {
    const heard = listen('refresh');
    const ttl = vi.fn(() => TTL);
    await cache.wrap('a', () => 1, ttl, 400);
    later(700);
    await cache.wrap('a', () => 2, ttl, 400);
    await until(() => heard.mock.calls.length === 1);
    expect(ttl.mock.calls).toEqual([[1], [2]]);
  });

  it.each(['compute', 'set'])(
    'keeps the old value where a refresh fails to %s, and tells',
    async (step) => {
      const heard = listen('refresh');
      await cache.wrap('a', () => 1, TTL, 400);
      later(700);
      const broken = new Error('no value');
      const error = step === 'set' ? breakStore(near, 'set') : broken;
      const compute = () => {
        if (step === 'compute') {
          throw broken;
        }
        return 1;
      };
      expect(await cache.wrap('a', compute, TTL, 400)).toBe(1);
      await until(() => heard.mock.calls.length === 1);
      expect(heard).toHaveBeenCalledWith({ key: 'a', value: 1, error });
    },
  );

  it('may ask another cache, and computes where the stores fail', async () => {
    const other = make(new Keyv());
    const nested = () => other.wrap('a', () => 'inner');
    expect(await cache.wrap('a', nested)).toBe('inner');
    breakStore(near, 'get');
    breakStore(far, 'get');
    const compute = vi.fn(() => 'anew');
    expect(await cache.wrap('a', compute)).toBe('anew');
    expect(await cache.wrap('a', compute)).toBe('anew');
    expect(compute).toHaveBeenCalledTimes(2);
  });
});
