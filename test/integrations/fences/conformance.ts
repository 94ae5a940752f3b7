import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FenceError,
  type CloudFence,
  type FenceLease,
} from '../../../src/integrations/fences/index.js';
import { until } from '../../support/until.js';
import { Relay } from './relay.js';

/** A fence with a connection of its own. */
export interface OpenFence {
  fence: CloudFence;
  close(): Promise<unknown>;
}

/**
 * What every fence does, over the real service.
 * @param open a fence whose engine is reached at that port of loopback
 */
export function itConforms(
  servicePort: number,
  open: (port: number) => Promise<OpenFence>,
): void {
  let ours: OpenFence;
  let theirs: OpenFence;
  let name: string;

  beforeAll(async () => {
    ours = await open(servicePort);
    theirs = await open(servicePort);
  });
  afterAll(() => Promise.all([ours?.close(), theirs?.close()]));
  beforeEach(() => {
    name = `job ${randomUUID()}`;
  });

  const acquire = (
    ttl = 10_000,
    occurrence?: number,
    from: CloudFence = ours.fence,
  ) => from.acquire(name, { owner: 'us', ttl, occurrence });
  const acquireTheirs = (occurrence?: number) =>
    acquire(10_000, occurrence, theirs.fence);
  const held = async (
    lease: Promise<FenceLease | undefined>,
  ): Promise<FenceLease> => {
    const it = await lease;
    expect(it).toBeDefined();
    return it!;
  };

  const ignoreHad = (error: unknown): undefined => {
    expect(error).toMatchObject({ code: 'OCCURRENCE_HAD' });
  };

  it('gives a name to one at a time', async () => {
    const lease = await held(acquire());
    expect(await acquireTheirs()).toBeUndefined();
    expect(await acquire()).toBeUndefined();
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it('gives other names to others', async () => {
    const lease = await held(acquire());
    name += ' another';
    const another = await held(acquireTheirs());
    await Promise.all([lease.release(), another.release()]);
  });

  it.each(['a:b.c>*{d}', "'; drop table", 'ünïcode 日本', 'x'.repeat(200)])(
    'takes any text as a name: %s',
    async (text) => {
      name += text;
      const lease = await held(acquire());
      expect(await acquireTheirs()).toBeUndefined();
      await lease.release();
    },
  );

  it('gives it to others as soon as it is released', async () => {
    const lease = await held(acquire());
    await lease.release();
    const next = await held(acquireTheirs());
    expect(next.token).toBeGreaterThan(lease.token);
    await next.release();
  });

  it('gives tokens that only rise, whoever asks, and nothing to others in between', async () => {
    const tokens: bigint[] = [];
    for (let round = 0; round < 10; round++) {
      const lease = await held(round % 2 ? acquire() : acquireTheirs());
      expect(await (round % 3 ? acquire() : acquireTheirs())).toBeUndefined();
      tokens.push(lease.token);
      await lease.release();
    }
    const sorted = [...new Set(tokens)].sort((a, b) => (a < b ? -1 : 1));
    expect(tokens).toEqual(sorted);
  });

  it('releases once, and nothing that is not its own any more', async () => {
    const lease = await held(acquire());
    await lease.release();
    const next = await held(acquireTheirs());
    await lease.release();
    expect(await acquire()).toBeUndefined();
    await next.release();
  });

  it('renews a lease while it is held', async () => {
    const lease = await held(acquire(400));
    await sleep(1_000);
    expect(await acquireTheirs()).toBeUndefined();
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it('gives no second lease for an occurrence, whoever asks and when', async () => {
    const had = { code: 'OCCURRENCE_HAD' };
    const lease = await held(acquire(10_000, 1_000));
    await expect(acquireTheirs(1_000)).rejects.toMatchObject(had);
    expect(await acquireTheirs(2_000)).toBeUndefined();
    await lease.release();
    await expect(acquireTheirs(1_000)).rejects.toMatchObject(had);
    const without = await held(acquireTheirs());
    await without.release();
    await expect(acquire(10_000, 1_000)).rejects.toMatchObject(had);
    const tokens = [lease.token];
    // A late one may come after the next.
    for (const occurrence of [3_000, 999, 2_000]) {
      const next = await held(acquire(10_000, occurrence));
      tokens.push(next.token);
      await next.release();
      await expect(acquireTheirs(occurrence)).rejects.toMatchObject(had);
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it('keeps the highest occurrences, and refuses what is below them', async () => {
    for (let occurrence = 1; occurrence <= 70; occurrence++) {
      const lease = await held(acquire(10_000, 10 * occurrence));
      await lease.release();
    }
    for (const refused of [700, 70, 65, 10]) {
      await expect(acquireTheirs(refused)).rejects.toMatchObject({
        code: 'OCCURRENCE_HAD',
      });
    }
    const late = await held(acquireTheirs(75));
    await late.release();
  });

  it('lets one of many have it at the same moment', async () => {
    const { fence } = ours;
    for (let round = 1; round <= 5; round++) {
      const leases = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          acquire(10_000, round, at % 2 ? fence : theirs.fence).catch(
            ignoreHad,
          ),
        ),
      );
      const [lease, ...more] = leases.filter((one) => one !== undefined);
      expect(more).toEqual([]);
      await lease?.release();
    }
  });

  it('keeps what it protects to one at a time under a storm', async () => {
    const rounds = 10;
    const counts = new Map<string, { value: number; highest: bigint }>();
    const worker = async (of: string, { fence }: OpenFence): Promise<void> => {
      const count = counts.get(of) ?? { value: 0, highest: 0n };
      counts.set(of, count);
      for (let round = 0; round < rounds;) {
        const lease = await fence.acquire(of, { owner: 'us', ttl: 10_000 });
        if (lease) {
          expect(lease.token).toBeGreaterThan(count.highest);
          count.highest = lease.token;
          // What two at once would lose.
          const { value } = count;
          await sleep(1);
          count.value = value + 1;
          round += 1;
          await lease.release();
        }
      }
    };
    const names = [name, `${name} too`];
    const workers = names.flatMap((of) =>
      [ours, theirs, ours, theirs].map((fence) => worker(of, fence)),
    );
    await Promise.all(workers);
    for (const of of names) {
      expect(counts.get(of)?.value).toBe(4 * rounds);
    }
  });

  it('refuses what cannot work', async () => {
    for (const ttl of [0, -1, NaN, Infinity, 99]) {
      await expect(acquire(ttl)).rejects.toMatchObject({
        code: 'FENCE_MISUSED',
      });
    }
    for (const occurrence of [-1, 0.5, NaN]) {
      await expect(acquire(1_000, occurrence)).rejects.toMatchObject({
        code: 'FENCE_MISUSED',
      });
    }
  });

  it('gives up with its caller', async () => {
    const reason = new Error('enough');
    await expect(
      ours.fence.acquire(name, {
        owner: 'us',
        ttl: 10_000,
        signal: AbortSignal.abort(reason),
      }),
    ).rejects.toBe(reason);
    const lease = await held(acquireTheirs());
    await lease.release();
  });

  describe('over a network that stands still', () => {
    let relay: Relay;
    let far: OpenFence;

    beforeEach(async () => {
      relay = await Relay.to(servicePort);
      far = await open(relay.port);
    });
    afterEach(async () => {
      relay.unblock();
      await far.close();
      await relay.close();
    });

    it('loses a lease before others can have it', async () => {
      const lease = await held(acquire(1_500, undefined, far.fence));
      relay.block();
      await until(() => lease.lost.aborted);
      expect(await acquireTheirs()).toBeUndefined();
      expect(lease.lost.reason).toBeInstanceOf(FenceError);
      expect(lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' });

      const next = await held(until(() => acquireTheirs()));
      expect(next.token).toBeGreaterThan(lease.token);

      relay.unblock();
      await lease.release();
      expect(await acquire()).toBeUndefined();
      expect(next.lost.aborted).toBe(false);
      await next.release();
    });

    it('keeps a lease through a short break', async () => {
      const lease = await held(acquire(4_000, undefined, far.fence));
      relay.block();
      await sleep(1_000);
      relay.unblock();
      await sleep(3_500);
      expect(lease.lost.aborted).toBe(false);
      expect(await acquireTheirs()).toBeUndefined();
      await lease.release();
    });

    it('is an error, and a lease that arrives too late is given back', async () => {
      relay.block();
      await expect(acquire(900, undefined, far.fence)).rejects.toMatchObject({
        code: 'FENCE_UNREACHABLE',
        message: expect.stringContaining(name),
      });
      relay.unblock();
      const lease = await held(until(() => acquireTheirs()));
      await lease.release();
    });
  });
}
