import type { PeerAddress } from '../../../wire/bodies.js';
import { idsOf, TestCloud } from '../testing-support/test-cloud.js';
import type { SeedSource } from './seed-sources.js';

/** A source that says what the test has it say. */
function registry(
  seeds: SeedSource['seeds'] = () => [],
): SeedSource & { asked: number } {
  const source = {
    name: 'registry',
    asked: 0,
    seeds: (signal: AbortSignal) => {
      source.asked++;
      return registered.seeds(signal);
    },
  };
  const registered = { seeds };
  return source;
}

function fails(why: string): never {
  throw new Error(why);
}

/** What the log says of sources. */
const complaints = (log: readonly string[]) =>
  log.filter((line) => line.startsWith('No seeds'));

describe('a source of seeds', () => {
  it('is asked with each try while the peer is alone, and by healing from then on', async () => {
    const cloud = new TestCloud();
    let seeds: PeerAddress[] = [];
    const source = registry(() => seeds);
    const a = cloud.peer('a', { seeds: [source] });
    await cloud.clock.run(20_000);
    expect(source.asked).toBeGreaterThan(5);
    expect(complaints(a.log)).toEqual([]);

    seeds = [cloud.peer('b').address];
    await cloud.until(() => idsOf(a).includes('b'), 20_000);
    seeds = [cloud.peer('c').address];
    await cloud.until(() => idsOf(a).includes('c'), 60_000);
  });

  it('is a hint: what it named before counts while it fails, and the log says so once', async () => {
    const cloud = new TestCloud();
    const place = { ip: '10.0.7.7', port: 9338 };
    let isUp = true;
    const source = registry(() => (isUp ? [place] : fails('503')));
    const a = cloud.peer('a', { seeds: [source] });
    await cloud.clock.run(2000);
    isUp = false;
    await cloud.clock.run(60_000);
    expect(complaints(a.log)).toEqual([
      'No seeds of registry: 503; the 1 known before still count',
    ]);
    cloud.peer('b', place);
    await cloud.until(() => idsOf(a).includes('b'), 20_000);
  });

  it('holds up no other seed', async () => {
    const cloud = new TestCloud();
    const b = cloud.peer('b');
    const silent = registry(() => new Promise<never>(() => {}));
    const a = cloud.peer('a', { seeds: [silent, b.address] });
    const start = cloud.clock.monotonic();
    await cloud.settle(a.core.whenJoined());
    expect(idsOf(a)).toEqual(['b']);
    expect(cloud.clock.monotonic() - start).toBeLessThan(100);
  });

  it('that never answers is asked once, told so by its signal, and given up at its deadline', async () => {
    const cloud = new TestCloud();
    const signals: AbortSignal[] = [];
    const silent = registry((signal) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    });
    const a = cloud.peer('a', { seeds: [silent] });
    await cloud.clock.run(2900);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await cloud.clock.run(30_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(complaints(a.log)).toEqual([
      'No seeds of registry: no answer within 3000 ms',
    ]);
    expect(a.log.find((line) => line.startsWith('Alone for'))).toContain(
      'registry: no answer within 3000 ms',
    );
  });

  it('holds up no peer that leaves', async () => {
    const cloud = new TestCloud();
    const aborted: boolean[] = [];
    const silent = registry(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(true);
            reject(new Error('aborted'));
          });
        }),
    );
    const a = cloud.peer('a', { seeds: [silent], ticks: false });
    await cloud.clock.run(10);
    const start = cloud.clock.monotonic();
    await cloud.settle(a.core.leave());
    expect(cloud.clock.monotonic() - start).toBeLessThan(100);
    expect(aborted).toEqual([true]);
    expect(complaints(a.log)).toEqual([]);
  });

  it('may be joined through by hand', async () => {
    const cloud = new TestCloud();
    const b = cloud.peer('b');
    const a = cloud.peer('a', { ticks: false });
    const source = registry(() => [b.address]);
    expect(await cloud.settle(a.core.join([source]))).toBe(true);
    expect(idsOf(a)).toEqual(['b']);
  });

  it('may name fifty thousand', async () => {
    const cloud = new TestCloud();
    const many = Array.from({ length: 50_000 }, (_, n) => ({
      ip: '10.9.0.1',
      port: 1 + (n % 65_535),
    }));
    const a = cloud.peer('a', { seeds: [registry(() => many)], ticks: false });
    await cloud.settle(a.core.whenJoined());
    expect(cloud.requests.length).toBeLessThan(2000);
    expect(a.core.isJoined).toBe(false);
  });
});
