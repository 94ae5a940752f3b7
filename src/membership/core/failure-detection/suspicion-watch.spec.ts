import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { JsonObject } from '../../../wire/json.js';
import type { CoreContext } from '../core-context.js';
import type { MemberRecord } from '../member-list/member-record.js';
import { resolveMembershipOptions } from '../options/membership.options.js';
import { SuspicionWatch } from './suspicion-watch.js';
import type { FakePeer } from '../testing-support/fake-peer.js';
import {
  addFake,
  makeCloud,
  tell,
  left,
} from '../testing-support/checked-cloud.js';
import { infoOf, told } from '../testing-support/test-cloud.js';

/** After memberlist's state and suspicion tests. */
describe('a suspicion', () => {
  const suspect = (by: string, incarnation = 5) => ({
    id: 'b',
    incarnation,
    state: 'suspect',
    by,
  });

  it('is refuted by the suspect itself', async () => {
    const { cloud, a, others } = await makeCloud(['b', 'c']);
    const c = await addFake(cloud, a, 'fake');
    const { incarnation } = others.b!.core.self;
    await tell(cloud, a, c.fake, suspect('fake', incarnation));
    await cloud.until(() => a.core.get('b')?.state === 'alive');
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
    expect(a.core.get('b')!.incarnation).toBeGreaterThan(incarnation);
  });

  it('of this peer is refuted to all', async () => {
    const { cloud, a, others } = await makeCloud(['b', 'c']);
    const { fake } = await addFake(cloud, a, 'fake');
    const { incarnation } = a.core.self;
    const news = { id: 'a', state: 'suspect', by: 'fake' };
    await tell(cloud, a, fake, { ...news, incarnation: incarnation - 1 });
    expect(a.core.self.incarnation).toBe(incarnation);
    await tell(cloud, a, fake, { ...news, incarnation });
    expect(a.core.self.incarnation).toBe(incarnation + 1);
    const known = () =>
      Object.values(others).every(
        ({ core }) => core.get('a')?.incarnation === incarnation + 1,
      );
    await cloud.until(known);
  });

  it.each([
    ['alive', 0],
    ['suspect', 1],
    ['dead', 1],
    ['left', 1],
  ])(
    'of this peer as %s at its own incarnation raises it by %i',
    async (state, by) => {
      const { cloud, a } = await makeCloud(['b', 'c']);
      const { fake } = await addFake(cloud, a, 'fake');
      const { incarnation } = a.core.self;
      const record = { ...infoOf(a), state } as unknown as JsonObject;
      await tell(cloud, a, fake, record);
      await cloud.clock.run(5000);
      expect(a.core.self.incarnation).toBe(incarnation + by);
    },
  );

  it('of this peer with an incarnation that cannot be is not believed', async () => {
    const { cloud, a } = await makeCloud(['b']);
    const { fake } = await addFake(cloud, a, 'fake');
    const { incarnation } = a.core.self;
    for (const state of ['suspect', 'dead', 'left']) {
      await tell(cloud, a, fake, {
        id: 'a',
        incarnation: incarnation + 25 * 3_600_000,
        state,
      });
    }
    expect(a.core.self.incarnation).toBe(incarnation);
  });

  it('that is older than what is known changes nothing', async () => {
    const { cloud, a } = await makeCloud(['c']);
    await addFake(cloud, a, 'b');
    const { fake } = await addFake(cloud, a, 'fake');
    await tell(cloud, a, fake, suspect('fake', 4));
    expect(told(a)).toEqual([]);
  });

  async function timeToDeath(accusers: readonly string[]): Promise<number> {
    const { cloud, a } = await makeCloud([]);
    const b = await addFake(cloud, a, 'b');
    const fakes: FakePeer[] = [];
    for (const id of ['w', 'x', 'y', 'z']) {
      fakes.push((await addFake(cloud, a, id)).fake);
    }
    b.mute = true;
    const start = cloud.clock.monotonic();
    for (const by of accusers) {
      const from = fakes.find(({ id }) => id === by) ?? fakes[0]!;
      await tell(cloud, a, from, suspect(by));
    }
    await cloud.until(() => left(a));
    return cloud.clock.monotonic() - start;
  }

  it('lasts shorter the more others share it', async () => {
    const alone = await timeToDeath(['w']);
    const two = await timeToDeath(['w', 'x']);
    const four = await timeToDeath(['w', 'x', 'y', 'z']);
    expect(alone).toBeGreaterThanOrEqual(24_000);
    expect(two).toBeLessThan(alone - 5000);
    expect(four).toBeGreaterThanOrEqual(4000);
    expect(four).toBeLessThan(6000);
  });

  it('is not shortened by one that repeats itself, nor by invented accusers', async () => {
    const times = await timeToDeath(['w', 'w', 'w', 'w', 'nobody', 'no one']);
    expect(times).toBeGreaterThanOrEqual(24_000);
  });

  it('is not shortened by what one member says of all others', async () => {
    const { cloud, a } = await makeCloud([]);
    const b = await addFake(cloud, a, 'b');
    for (const id of ['x', 'y', 'z']) {
      await addFake(cloud, a, id);
    }
    const { fake } = await addFake(cloud, a, 'liar');
    b.mute = true;
    const start = cloud.clock.monotonic();
    for (const by of ['x', 'y', 'z', 'liar']) {
      await tell(cloud, a, fake, suspect(by));
    }
    await cloud.until(() => left(a));
    expect(cloud.clock.monotonic() - start).toBeGreaterThan(10_000);
  });

  it('ends with one last check, which may save the member', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    expect(told(a)).toEqual(['peer.suspected b']);
    b.mute = false;
    await cloud.until(() => told(a).length > 1);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
    await cloud.clock.run(60_000);
    expect(left(a)).toBe(false);
  });

  it('ends without a check where the member was heard on another way', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    a.core.noteAlive('b');
    await cloud.until(() => told(a).length > 1);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
  });

  it('is answered for a legacy member by whoever hears it', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const legacy = cloud.legacy('legacy');
    await cloud.clock.complete(legacy.join(a.address));
    const before = a.core.get('legacy')!.incarnation;
    legacy.process.stall();
    await check('legacy');
    legacy.process.wake();
    await check('legacy');
    expect(a.core.get('legacy')).toMatchObject({
      state: 'alive',
      incarnation: before + 1,
    });
  });

  it('does not outlast a leave', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    await tell(cloud, a, b.fake, { id: 'x', incarnation: 1, state: 'left' });
    await cloud.clock.complete(b.fake.send(a.address, 'left', { id: 'b' }));
    await cloud.clock.run(60_000);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.left b left']);
  });
});

describe('SuspicionWatch', () => {
  function makeWatch(chance = 0, confirmations = 0) {
    const clock = new VirtualClock();
    const options = {
      ...resolveMembershipOptions(),
      suspicionConfirmations: confirmations,
    };
    const env = { clock, random: { next: () => chance } };
    const ctx = { options, env, list: { size: 99 } };
    const watch = new SuspicionWatch(ctx as unknown as CoreContext);
    const expired: number[] = [];
    const late: number[] = [];
    watch.onExpired = () => void expired.push(clock.monotonic());
    watch.onLate = (ms) => void late.push(ms);
    watch.start({ id: 'b', incarnation: 1 } as MemberRecord, 'a');
    return { clock, watch, expired, late };
  }

  it.each([
    [0, 8000],
    [0.25, 9000],
    [1, 12_000],
  ])(
    'ends at different times for the many that share one, so that most hear how it ended (%f)',
    async (chance, end) => {
      const { clock, expired } = makeWatch(chance);
      await clock.run(60_000);
      expect(expired).toEqual([end]);
    },
  );

  it('ends at once, without a stall, where others share it later than it would have lasted', async () => {
    const { clock, watch, expired, late } = makeWatch(0, 3);
    await clock.run(20_000);
    for (const accuser of ['x', 'y', 'z']) {
      watch.get('b')!.confirm(accuser);
      watch.arm('b');
    }
    await clock.run(1);
    expect(expired).toEqual([20_000]);
    expect(late).toEqual([]);
  });

  it('ends once, and later, where this peer stood still', async () => {
    const { clock, watch, expired, late } = makeWatch();
    const setTimeout = clock.setTimeout.bind(clock);
    await clock.run(1000);
    // Its timer comes late, as all do in a process that stands still.
    vi.spyOn(clock, 'setTimeout').mockImplementationOnce((callback, ms) =>
      setTimeout(callback, ms + 5000),
    );
    watch.arm('b');
    watch.onLate = (ms) => {
      late.push(ms);
      watch.extendAll(ms);
    };
    await clock.run(60_000);
    expect(late).toEqual([5000]);
    expect(expired).toEqual([13_000]);
  });
});
