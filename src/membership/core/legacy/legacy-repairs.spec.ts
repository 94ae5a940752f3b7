import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { CoreContext } from '../context.js';
import type { Notifier } from '../dissemination/index.js';
import { makeRecord } from '../member-list/index.js';
import { resolveMembershipOptions } from '../options/membership.options.js';
import type { StatusCaller } from '../status/index.js';
import { byRank } from '../testing-support/by-rank.js';
import type { LegacyPeer } from '../testing-support/legacy-peer.js';
import { TestCloud, type TestPeer } from '../testing-support/test-cloud.js';
import { LegacyRenewals, LegacyRepairs } from './legacy-repairs.js';

/** Longest that a repair may take where nothing is lost: settling, and asking for it twice. */
const SOON = 15_000;

/** What is put right here is put right because of a sign, and not by an audit that happens to come. */
const NEVER = 3_600_000;

/** Some of us, the peer that is responsible for the legacy member `k` first, and two legacy members that list all. */
async function withTwo(ids = ['a', 'b', 'c', 'd']) {
  const cloud = new TestCloud();
  const peers = await cloud.cloud(ids, {
    options: { legacyAuditInterval: NEVER },
  });
  const [k, l] = [cloud.legacy('k'), cloud.legacy('l')];
  for (const legacy of [k, l]) {
    await cloud.settle(legacy.join(peers[0]!.address));
  }
  await cloud.clock.run(8000);
  expect(k.ids).toEqual([...ids, 'l'].sort());
  expect(l.ids).toEqual([...ids, 'k'].sort());
  const ranked = byRank(peers, 'k') as [TestPeer, TestPeer, TestPeer, TestPeer];
  return { cloud, k, l, ranked };
}

/** Throws a member out, so that only some of us hear of it. */
async function evictUnheard(
  cloud: TestCloud,
  legacy: LegacyPeer,
  id: string,
  deaf: readonly TestPeer[],
): Promise<void> {
  const heal = cloud.network.links.cut(
    [legacy.address.ip],
    deaf.map(({ address }) => address.ip),
  );
  legacy.evict(id);
  await cloud.clock.run(50);
  heal();
}

/** The repairs of one that has to do them all by itself, and what becomes of them. */
function alone() {
  const clock = new VirtualClock();
  const k = makeRecord({ id: 'k', ip: '10.0.0.1', port: 1, data: {} }, 'alive');
  const l = makeRecord({ id: 'l', ip: '10.0.0.2', port: 1, data: {} }, 'alive');
  const members = new Map([k, l].map((record) => [record.id, record]));
  const ctx = {
    env: { clock },
    self: { id: 'a' },
    options: resolveMembershipOptions(),
    list: {
      peek: (id: string) => members.get(id),
      records: () => members.values(),
      legacyMembers: () => [],
    },
  } as unknown as CoreContext;
  const runs: { end: (done: boolean) => void }[] = [];
  let done = -Infinity;
  const renewals = {
    run: () => {
      const start = clock.monotonic();
      return new Promise<boolean>((resolve) => {
        runs.push({
          end: (isDone) => {
            if (isDone) {
              done = start;
            }
            resolve(isDone);
          },
        });
      });
    },
    isDoneSince: (_: string, __: string, since: number) => done >= since,
  } as unknown as LegacyRenewals;
  const caller = {} as StatusCaller;
  return { clock, runs, repairs: new LegacyRepairs(ctx, renewals, caller) };
}

/** Requests to `k` that tell it about `l`. */
function notifications(cloud: TestCloud): string[] {
  return cloud.requests
    .filter(({ to, body }) => to === 'k' && body.id === 'l')
    .map(({ from, endpoint }) => `${from} ${endpoint}`);
}

describe('LegacyRepairs', () => {
  it('is done by the responsible peer alone, once, however many have heard of it', async () => {
    const { cloud, k, ranked } = await withTwo();
    cloud.requests.length = 0;
    k.evict('l');
    await cloud.clock.run(60_000);
    const { id } = ranked[0].core;
    expect(notifications(cloud)).toEqual([`${id} left`, `${id} joined`]);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
  });

  it.each([1, 2, 3])(
    'is asked for by those that heard where the responsible peer did not (%i deaf)',
    async (deaf) => {
      const { cloud, k, l, ranked } = await withTwo();
      cloud.requests.length = 0;
      await evictUnheard(cloud, k, 'l', ranked.slice(0, deaf));
      await cloud.until(() => k.ids.includes('l'), SOON);
      await cloud.clock.run(60_000);
      const { id } = ranked[0].core;
      expect(notifications(cloud)).toEqual([`${id} left`, `${id} joined`]);
      expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
      expect(l.ids).toEqual(['a', 'b', 'c', 'd', 'k']);
    },
  );

  it('goes to the next in rank, where the responsible peer dies with it', async () => {
    const { cloud, k, ranked } = await withTwo();
    const [first, second] = ranked;
    k.evict('l');
    await cloud.clock.run(5);
    first.process.crash();
    first.core.stop();
    await cloud.until(() => k.ids.includes('l'), 60_000);
    await cloud.clock.run(60_000);
    expect(notifications(cloud).at(-1)).toBe(`${second.core.id} joined`);
    expect(k.ids.filter((id) => id === 'l')).toEqual(['l']);
  });

  it('is tried again until it is answered, and leaves no duplicate', async () => {
    const { cloud, k, ranked } = await withTwo();
    k.evict('l');
    await cloud.clock.run(5);
    // The requests arrive; their answers do not, so nobody knows that they did.
    const heal = cloud.network.links.cut(
      [k.address.ip],
      [ranked[0].address.ip],
    );
    await cloud.clock.run(45_000);
    heal();
    await cloud.until(() => k.ids.includes('l'), 60_000);
    await cloud.clock.run(120_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
  });

  it('comes after every eviction, and not only after the first', async () => {
    const { cloud, k } = await withTwo();
    for (let times = 0; times < 3; times++) {
      k.evict('l');
      await cloud.until(() => k.ids.includes('l'), SOON);
      await cloud.clock.run(700);
    }
    await cloud.clock.run(60_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
  });

  it('comes where two legacy members throw out a third at once', async () => {
    const { cloud, k, l, ranked } = await withTwo();
    const m = cloud.legacy('m');
    await cloud.settle(m.join(ranked[0].address));
    await cloud.clock.run(8000);
    // Neither hears of the other's eviction, and ours are checking for the first when they hear the second.
    const heal = cloud.network.links.part([k.address.ip], [l.address.ip]);
    k.evict('m');
    l.evict('m');
    await cloud.clock.run(50);
    heal();
    await cloud.clock.run(60_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l', 'm']);
    expect(l.ids).toEqual(['a', 'b', 'c', 'd', 'k', 'm']);
    expect(m.ids).toEqual(['a', 'b', 'c', 'd', 'k', 'l']);
  });

  it('comes where the join of a legacy peer did not reach another', async () => {
    const { cloud, k, ranked } = await withTwo();
    const heal = cloud.network.links.cut(
      ranked.map(({ address }) => address.ip),
      [k.address.ip],
    );
    const m = cloud.legacy('m');
    await cloud.settle(m.join(ranked[1].address));
    expect(k.ids).not.toContain('m');
    heal();
    await cloud.until(() => k.ids.includes('m'), SOON);
    await cloud.clock.run(60_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l', 'm']);
  });

  it('comes where the end of a member did not reach a legacy member', async () => {
    const { cloud, k, ranked } = await withTwo();
    const [first, , , victim] = ranked;
    victim.process.crash();
    victim.core.stop();
    const heal = cloud.network.links.cut([first.address.ip], [k.address.ip]);
    await cloud.until(() => first.core.get(victim.core.id) === undefined);
    heal();
    await cloud.until(() => !k.ids.includes(victim.core.id), SOON);
  });

  it('is asked for by a peer that finds itself listed twice: it is told everything twice', async () => {
    const { cloud, k } = await withTwo();
    k.peers.push({ ...k.peers.find(({ id }) => id === 'c')! });
    expect(k.ids).toEqual(['a', 'b', 'c', 'c', 'd', 'l']);
    k.evict('l');
    await cloud.until(() => k.ids.join() === 'a,b,c,d,l', SOON);
    cloud.requests.length = 0;
    await cloud.clock.run(60_000);
    const renewed = cloud.to('k', 'joined').map(({ body }) => body.id);
    expect(renewed).toEqual([]);
  });

  it('is asked for by a peer that finds itself listed twice, however many are better suited', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const { cloud, k, ranked } = await withTwo(ids);
    const { id: last } = ranked.at(-1)!.core;
    k.peers.push({ ...k.peers.find(({ id }) => id === last)! });
    k.evict('l');
    await cloud.until(() => k.ids.join() === [...ids, 'l'].join(), SOON);
  });

  it('is no way to make a peer tell what it does not know', async () => {
    const { cloud, k, ranked } = await withTwo();
    const { core } = ranked[0];
    cloud.requests.length = 0;
    const repairs = [
      { legacy: 'k', about: 'nobody', ago: 0 },
      { legacy: 'nobody', about: 'l', ago: 0 },
      { legacy: ranked[1].core.id, about: 'l', ago: 0 },
    ];
    const answer = await core.receiveStatus(
      { ext: { repairs } },
      { senderId: ranked[1].core.id, remoteAddress: ranked[1].address.ip },
    );
    expect(answer.ext?.repaired).toEqual([false, false, false]);
    await cloud.clock.run(20_000);
    const told = cloud.requests.filter(
      ({ endpoint, body }) =>
        endpoint === 'joined' || body.id === 'nobody' || body.id === 'l',
    );
    expect(told).toEqual([]);
    expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
  });

  it('waits no longer when there is a new sign', async () => {
    const { cloud, k, ranked } = await withTwo();
    const responsible = ranked[0].address.ip;
    const heal = cloud.network.links.cut([responsible], [k.address.ip]);
    k.evict('l');
    await cloud.clock.run(30_000);
    heal();
    // By now the pause between two tries is longer than this.
    k.evict('l');
    await cloud.until(() => k.ids.includes('l'), 3000);
  });

  it('that began before the last sign does not count', async () => {
    const { clock, repairs, runs } = alone();
    repairs.add('k', 'l', 0);
    repairs.tick();
    await clock.run(100);
    repairs.add('k', 'l');
    runs.shift()!.end(true);
    await clock.run(20_000);
    repairs.tick();
    expect(runs).toHaveLength(1);
    runs.shift()!.end(true);
    await clock.run(60_000);
    repairs.tick();
    expect(runs).toEqual([]);
  });
});

/** Renewals of a list, and what they tell the legacy member `k`. */
function makeRenewals() {
  const records = ['k', 'b'].map((id, index) =>
    makeRecord({ id, ip: `10.0.0.${index}`, port: 1, data: {} }, 'alive'),
  );
  const members = new Map(records.map((record) => [record.id, record]));
  const ctx = {
    env: { clock: new VirtualClock() },
    list: { peek: (id: string) => members.get(id) },
  } as unknown as CoreContext;
  const told: string[] = [];
  const notifier = {
    left: async (_: unknown, id: string) => told.push(`left ${id}`) > 0,
    joined: async (_: unknown, { id }: { id: string }) =>
      told.push(`joined ${id}`) > 0,
  } as unknown as Notifier;
  return {
    members,
    b: records[1]!,
    told,
    renewals: new LegacyRenewals(ctx, notifier),
  };
}

describe('LegacyRenewals', () => {
  it('notify of a member once where they are asked for twice', async () => {
    const { told, renewals } = makeRenewals();
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(told).toEqual(['left b', 'joined b']);
  });

  it('notify of a member that is back just after they have notified of its end', async () => {
    const { members, b, told, renewals } = makeRenewals();
    members.delete('b');
    expect(await renewals.run('k', 'b')).toBe(true);
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(true);
    members.set('b', b);
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(false);
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(told).toEqual(['left b', 'left b', 'joined b']);
  });

  it('do not count as done once the member is gone', async () => {
    const { members, renewals } = makeRenewals();
    await renewals.run('k', 'b');
    members.delete('b');
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(false);
  });
});
