import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { JsonObject } from '../../../wire/json.js';
import fc from 'fast-check';
import { TypedEmitter } from '../../../util/typed-emitter.js';
import type { CoreContext } from '../context.js';
import type { CoreEventMap } from '../core-events.js';
import { resolveMembershipOptions } from '../options/membership.options.js';
import {
  addFake,
  left,
  makeCloud,
  tell,
} from '../testing-support/checked-cloud.js';
import type { FakePeer } from '../testing-support/fake-peer.js';
import { infoOf, told } from '../testing-support/test-cloud.js';
import {
  lastCheckSpread,
  minSuspicion,
  Suspicion,
  Suspicions,
} from './suspicion.js';

const TIMES = { min: 2000, max: 30_000, confirmations: 3, delay: 0 };

function suspect(times = TIMES) {
  return new Suspicion(100, 'me', times);
}

/** After memberlist's suspicion tests. */
describe('Suspicion', () => {
  it('lasts as long as it may while nobody else shares it', () => {
    expect(suspect().deadline).toBe(100 + TIMES.max);
  });

  it.each([
    [0, 30_000],
    [1, 30_000 - 28_000 * (Math.log(2) / Math.log(4))],
    [2, 30_000 - 28_000 * (Math.log(3) / Math.log(4))],
    [3, 2000],
    [4, 2000],
    [20, 2000],
  ])('with %i confirmations it lasts %f ms', (confirmations, ms) => {
    const suspicion = suspect();
    for (let index = 0; index < confirmations; index++) {
      suspicion.confirm(`other-${index}`);
    }
    expect(suspicion.deadline - suspicion.since).toBeCloseTo(ms, 5);
    expect(suspicion.confirmations).toBe(Math.min(confirmations, 3));
  });

  it('counts each member that suspects once, the first one included', () => {
    const suspicion = suspect();
    expect(suspicion.confirm('me')).toBe(false);
    expect(suspicion.confirm('a')).toBe(true);
    expect(suspicion.confirm('a')).toBe(false);
    expect(suspicion.confirm('b')).toBe(true);
    expect(suspicion.confirm('c')).toBe(true);
    expect(suspicion.confirm('one too many')).toBe(false);
    expect(suspicion.confirmations).toBe(3);
  });

  it('waits the shortest time where nobody could confirm', () => {
    const suspicion = suspect({ ...TIMES, confirmations: 0 });
    expect(suspicion.confirm('a')).toBe(false);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('is shortened by other evidence, never lengthened', () => {
    const suspicion = suspect();
    suspicion.shorten(suspicion.shortest);
    suspicion.shorten(10_000);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('waits for the own delay too, but no longer than it may last', () => {
    const suspicion = suspect({ ...TIMES, delay: 5000 });
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.max);
    for (const other of ['a', 'b', 'c']) {
      suspicion.confirm(other);
    }
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min + 5000);
    suspicion.shorten(suspicion.shortest);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min);
  });

  it('is extended by the length of a stall, after all else', () => {
    const suspicion = suspect();
    for (const other of ['a', 'b', 'c']) {
      suspicion.confirm(other);
    }
    suspicion.extend(5000);
    suspicion.extend(1000);
    expect(suspicion.deadline - suspicion.since).toBe(TIMES.min + 6000);
  });

  it('believes one sender no more than one other that suspects', () => {
    const times = { min: 1000, max: 10_000, confirmations: 5, delay: 0 };
    const suspicion = new Suspicion(0, 'me', times);
    expect(suspicion.confirm('a', 'liar')).toBe(true);
    expect(suspicion.confirm('b', 'liar')).toBe(false);
    expect(suspicion.confirm('liar')).toBe(true);
    expect(suspicion.confirm('b', 'other')).toBe(true);
    expect(suspicion.confirm('c')).toBe(true);
    const begunByAnother = new Suspicion(0, 'a', times, 'liar');
    expect(begunByAnother.confirm('b', 'liar')).toBe(false);
    expect(begunByAnother.confirm('liar')).toBe(true);
  });

  it('stays within its bounds and only shrinks, whatever confirms', () => {
    const times = fc.record({
      min: fc.integer({ min: 1, max: 10_000 }),
      max: fc.integer({ min: 1, max: 100_000 }),
      confirmations: fc.nat(5),
      delay: fc.nat(20_000),
    });
    fc.assert(
      fc.property(times, fc.array(fc.string()), (bounds, others) => {
        const suspicion = new Suspicion(0, 'me', bounds);
        let last = suspicion.deadline;
        for (const other of others) {
          suspicion.confirm(other);
          expect(suspicion.deadline).toBeLessThanOrEqual(last);
          last = suspicion.deadline;
        }
        expect(last).toBeGreaterThanOrEqual(bounds.min);
        expect(last).toBeLessThanOrEqual(Math.max(bounds.min, bounds.max));
      }),
    );
  });
});

describe('minSuspicion', () => {
  it.each([
    [1, 4000],
    [5, 4000],
    [10, 4000],
    [100, 8000],
    [1000, 12_000],
  ])('in a cloud of %i it is %i ms', (size, ms) => {
    const options = { suspicionMultiplier: 4, probeInterval: 1000 };
    expect(minSuspicion(size, options)).toBeCloseTo(ms, 5);
  });
});

describe('lastCheckSpread', () => {
  it.each([
    [2, 0],
    [10, 0],
    [100, 4000],
    [1000, 8000],
  ])('in a cloud of %i it is %i ms', (size, ms) => {
    const options = { suspicionMultiplier: 4, probeInterval: 1000 };
    expect(lastCheckSpread(size, options)).toBeCloseTo(ms, 5);
  });
});

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
    const update = { id: 'a', state: 'suspect', by: 'fake' };
    await tell(cloud, a, fake, { ...update, incarnation: incarnation - 1 });
    expect(a.core.self.incarnation).toBe(incarnation);
    await tell(cloud, a, fake, { ...update, incarnation });
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

  async function timeToDeath(suspectors: readonly string[]): Promise<number> {
    const { cloud, a } = await makeCloud([]);
    const b = await addFake(cloud, a, 'b');
    const fakes: FakePeer[] = [];
    for (const id of ['w', 'x', 'y', 'z']) {
      fakes.push((await addFake(cloud, a, id)).fake);
    }
    b.mute = true;
    const start = cloud.clock.monotonic();
    for (const by of suspectors) {
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

  it('is not shortened by one that repeats itself, nor by invented members', async () => {
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

  it('is answered for a legacy member by the peer that hears it', async () => {
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

describe('Suspicions', () => {
  function makeSuspicions(chance = 0, confirmations = 0) {
    const clock = new VirtualClock();
    const options = {
      ...resolveMembershipOptions(),
      suspicionConfirmations: confirmations,
    };
    const env = { clock, random: { next: () => chance } };
    const events = new TypedEmitter<CoreEventMap>();
    const ctx = { options, env, events, list: { size: 99 } };
    const expired: number[] = [];
    const suspicions = new Suspicions(
      ctx as unknown as CoreContext,
      () => void expired.push(clock.monotonic()),
    );
    const late: number[] = [];
    events.on('process.late', (ms) => void late.push(ms));
    suspicions.start('b', 'a');
    return { clock, events, suspicions, expired, late };
  }

  it.each([
    [0, 8000],
    [0.25, 9000],
    [1, 12_000],
  ])(
    'ends at different times for the many that share one, so that most hear how it ended (%f)',
    async (chance, end) => {
      const { clock, expired } = makeSuspicions(chance);
      await clock.run(60_000);
      expect(expired).toEqual([end]);
    },
  );

  it('ends at once, without a stall, where others share it later than it would have lasted', async () => {
    const { clock, suspicions, expired, late } = makeSuspicions(0, 3);
    await clock.run(20_000);
    for (const other of ['x', 'y', 'z']) {
      suspicions.get('b')!.confirm(other);
      suspicions.arm('b');
    }
    await clock.run(1);
    expect(expired).toEqual([20_000]);
    expect(late).toEqual([]);
  });

  it('ends once, and later, where this peer stood still', async () => {
    const { clock, events, suspicions, expired, late } = makeSuspicions();
    const setTimeout = clock.setTimeout.bind(clock);
    await clock.run(1000);
    // Its timer comes late, as all do in a process that stands still.
    vi.spyOn(clock, 'setTimeout').mockImplementationOnce((callback, ms) =>
      setTimeout(callback, ms + 5000),
    );
    suspicions.arm('b');
    events.on('process.late', (ms) => suspicions.extendAll(ms));
    await clock.run(60_000);
    expect(late).toEqual([5000]);
    expect(expired).toEqual([13_000]);
  });
});
