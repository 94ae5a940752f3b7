import { resolvePeerCloudOptions } from '../options/resolve-options.js';
import {
  idsOf,
  TestCloud,
  type TestPeer,
} from './core/testing-support/test-cloud.js';
import { MembershipWaits } from './membership-waits.js';

function waitsOf({ core, process }: TestPeer): MembershipWaits {
  return new MembershipWaits(core, process.clock, resolvePeerCloudOptions({}));
}

/** When a promise is settled, in virtual ms, and how. */
function watch(cloud: TestCloud, promise: Promise<void>) {
  const end: { at?: number; error?: unknown } = {};
  const note = (error?: unknown) => {
    Object.assign(end, { at: cloud.clock.monotonic(), error });
  };
  promise.then(() => note(), note);
  return end;
}

describe('whenSettled()', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'knows everybody who starts at about the same time (seed %i)',
    async (seed) => {
      const cloud = new TestCloud(seed);
      const seeds = [1, 2, 3, 4, 5].map((n) => ({
        ip: `10.1.0.${n}`,
        port: 9338,
      }));
      const ends: { at?: number; error?: unknown }[] = [];
      for (const [n, address] of seeds.entries()) {
        const peer = cloud.peer(`p${n}`, { ...address, seeds });
        const settled = waitsOf(peer).whenSettled();
        ends.push(
          watch(
            cloud,
            settled.then(() => expect(idsOf(peer)).toHaveLength(4)),
          ),
        );
        await cloud.clock.run(400);
      }
      await cloud.until(() => ends.every(({ at }) => at !== undefined));
      expect(ends.map(({ error }) => error)).toEqual(ends.map(() => undefined));
    },
  );

  it('comes to who is alone, and at once to who has been quiet for long', async () => {
    const cloud = new TestCloud();
    const peer = cloud.peer('a');
    const waits = waitsOf(peer);
    const first = watch(cloud, waits.whenSettled());
    await cloud.clock.run(2999);
    expect(first.at).toBeUndefined();
    await cloud.clock.run(2);
    expect(first.at).toBe(3000);
    await cloud.clock.run(10_000);
    const later = watch(cloud, waits.whenSettled());
    await cloud.clock.run(0);
    expect(later.at).toBe(cloud.clock.monotonic());
  });

  it('waits until nobody comes or goes, but not for ever', async () => {
    const cloud = new TestCloud();
    const peer = cloud.peer('a');
    const first = watch(cloud, waitsOf(peer).whenSettled());
    let count = 0;
    while (first.at === undefined) {
      cloud.peer(`p${count++}`, { seeds: [peer.address] });
      await cloud.clock.run(1000);
    }
    expect(first.at).toBe(30_000);
  });

  it('waits for the start', async () => {
    const cloud = new TestCloud();
    const peer = cloud.peer('a');
    let joined!: () => void;
    vi.spyOn(peer.core, 'whenJoined').mockReturnValue(
      new Promise((resolve) => (joined = resolve)),
    );
    const settled = watch(cloud, waitsOf(peer).whenSettled());
    await cloud.clock.run(60_000);
    joined();
    await cloud.clock.run(3001);
    expect(settled.at).toBe(63_000);
  });

  it('ends with its signal', async () => {
    const cloud = new TestCloud();
    const waits = waitsOf(cloud.peer('a'));
    const caller = new AbortController();
    const settled = waits.whenSettled({ signal: caller.signal });
    caller.abort(new Error('enough'));
    await expect(settled).rejects.toThrow('enough');
    await expect(waits.whenSettled({ signal: caller.signal })).rejects.toThrow(
      'enough',
    );
  });
});

describe('whenMembers()', () => {
  it('resolves as soon as there are so many, oneself included', async () => {
    const cloud = new TestCloud();
    const peer = cloud.peer('a');
    const waits = waitsOf(peer);
    await waits.whenMembers(1);
    const three = watch(cloud, waits.whenMembers(3));
    cloud.peer('b', { seeds: [peer.address] });
    await cloud.clock.run(10_000);
    expect(three.at).toBeUndefined();
    cloud.peer('c', { seeds: [peer.address] });
    await cloud.until(() => three.at !== undefined);
    expect(idsOf(peer)).toEqual(['b', 'c']);
  });

  it('gives up after its time, and with its signal', async () => {
    const cloud = new TestCloud();
    const waits = waitsOf(cloud.peer('a'));
    const late = watch(cloud, waits.whenMembers(2, { timeout: 500 }));
    await cloud.clock.run(501);
    expect(late).toMatchObject({
      at: 500,
      error: { code: 'TOO_FEW_MEMBERS', wanted: 2, members: 1 },
    });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(waits.whenMembers(2, { signal })).rejects.toThrow('enough');
  });
});
