import type { JsonObject } from '../../../wire/json.js';
import { makeMember } from '../testing-support/fickle-member.js';
import { idsOf, TestCloud, told } from '../testing-support/test-cloud.js';

/** A core with one such member, joined some time ago. */
async function makeCloud() {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false });
  const { peer: b, host } = await makeMember(cloud, a, 'b');
  await cloud.clock.run(20_000);
  cloud.requests.length = 0;
  const joins = () => cloud.to('b', 'join').length;
  const check = () => cloud.clock.complete(a.core.check('b'));
  return { cloud, a, b, host, joins, check };
}

/** After ringpop's self-eviction tests. */
describe('Recovery', () => {
  it('joins again where a member answers as to a stranger, and says so again', async () => {
    const { cloud, a, host, joins, check } = await makeCloud();
    host.knows = false;
    const { incarnation } = a.core.self;
    await check();
    await cloud.until(() => joins() === 1);
    expect(cloud.to('b', 'join')[0]!.body.incarnation).toBeGreaterThan(
      incarnation,
    );
    await cloud.clock.run(60_000);
    expect(joins()).toBe(1);
    expect(told(a)).toEqual(['cloud.joined', 'peer.joined b']);
  });

  it('does nothing where the second answer says otherwise', async () => {
    const { cloud, a, host, joins } = await makeCloud();
    host.knows = false;
    void a.core.check('b');
    await cloud.clock.run(1.5);
    host.knows = true;
    await cloud.clock.run(60_000);
    expect(cloud.to('b', 'status')).toHaveLength(2);
    expect(joins()).toBe(0);
  });

  it('asks again when a message was refused to an unknown sender', async () => {
    const { cloud, a, host, joins } = await makeCloud();
    a.core.noteUnknownSender('b');
    await cloud.clock.run(10_000);
    // A guard of the application may say 403 too: the member knows this peer.
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(joins()).toBe(0);
    host.knows = false;
    a.core.noteUnknownSender('b');
    a.core.noteUnknownSender('nobody');
    await cloud.until(() => joins() === 1);
  });

  it('joins again through a member that says it has left', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    const answer = await cloud.clock.complete(
      b.send(a.address, 'left', { id: 'a' }),
    );
    expect(answer.body).toEqual({ status: 'removed' });
    await cloud.until(() => joins() === 1);
    expect(idsOf(a)).toEqual(['b']);
    expect(a.core.isJoined).toBe(true);
  });

  it('asks a member that says that it has left, and stays where it is still listed', async () => {
    const { cloud, a, b, joins } = await makeCloud();
    const { incarnation } = a.core.self;
    await cloud.clock.complete(b.send(a.address, 'left', { id: 'a' }));
    await cloud.clock.run(30_000);
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(joins()).toBe(0);
    expect(a.core.self.incarnation).toBe(incarnation);
    expect(idsOf(a)).toEqual(['b']);
  });

  it('joins once, however often and from wherever it hears of it', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    for (let times = 0; times < 50; times++) {
      a.core.noteUnknownSender('b');
      void b.send(a.address, 'left', { id: 'a' });
      await cloud.clock.run(1);
    }
    await cloud.clock.run(30_000);
    expect(joins()).toBeGreaterThanOrEqual(1);
    expect(joins()).toBeLessThanOrEqual(2);
  });

  it.each([true, false])(
    'keeps to a limited rate where nothing helps (told /left: %s)',
    async (byLeft) => {
      const { cloud, a, b, host, joins } = await makeCloud();
      host.knows = false;
      host.letsIn = false;
      for (let second = 0; second < 600; second++) {
        if (byLeft) {
          void b.send(a.address, 'left', { id: 'a' });
        } else {
          a.core.noteUnknownSender('b');
        }
        await cloud.clock.run(1000);
      }
      expect(joins()).toBeGreaterThan(5);
      expect(joins()).toBeLessThan(30);
    },
  );

  it('goes on by itself until it is in, and tells what waits for that', async () => {
    const { cloud, a, host, joins, check } = await makeCloud();
    host.knows = false;
    host.letsIn = false;
    await check();
    await cloud.until(() => joins() > 0);
    const back = a.core.recovery.whenBack;
    expect(back).toBeDefined();
    await cloud.until(() => joins() > 3, 60_000);
    expect(a.core.recovery.whenBack).toBe(back);
    host.letsIn = true;
    await cloud.clock.complete(back!);
    expect(a.core.recovery.whenBack).toBeUndefined();
    const sent = joins();
    await cloud.clock.run(60_000);
    expect(joins()).toBe(sent);
  });

  it('lets nothing wait where nobody answers any more', async () => {
    const { cloud, a, host, joins, check } = await makeCloud();
    host.knows = false;
    host.letsIn = false;
    await check();
    await cloud.until(() => joins() > 0);
    const back = a.core.recovery.whenBack;
    host.answersStatus = false;
    await cloud.clock.complete(back!);
    expect(a.core.recovery.whenBack).toBeUndefined();
  });

  it('gives a peer that has just joined time to become known', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    const { peer: b, host } = await makeMember(cloud, a, 'b');
    await cloud.settle(a.core.join([b.address]));
    host.knows = false;
    a.core.noteUnknownSender('b');
    await cloud.clock.run(1000);
    expect(cloud.to('b', 'join')).toHaveLength(1);
    await cloud.until(() => cloud.to('b', 'join').length > 1, 10_000);
    expect(host.knows).toBe(true);
  });

  it('gives it more time where gossip is slow', async () => {
    const cloud = new TestCloud();
    const options = { directThreshold: 0, gossipInterval: 2000 };
    const seed = cloud.peer('s', { options });
    const seeds = [seed.address];
    const ids = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const id of ids) {
      cloud.peer(id, { options, seeds });
    }
    await cloud.until(() => idsOf(seed).length === ids.length);
    await cloud.clock.run(60_000);
    expect(cloud.to('s', 'join')).toHaveLength(ids.length);
    const joins = cloud.requests.filter(({ endpoint }) => endpoint === 'join');
    expect(joins).toHaveLength(ids.length);
  });

  it('does not join a legacy member that says it has left', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b']);
    const legacy = cloud.legacy('legacy');
    await cloud.clock.complete(legacy.join(a!.address));
    await cloud.clock.run(3000);
    const body: JsonObject = { id: 'a' };
    legacy.peers = legacy.peers.filter(({ id }) => id !== 'a');
    const sent = legacy.process.transport.request(a!.address, 'left', body, {
      timeout: 1000,
    });
    expect((await cloud.clock.complete(sent)).body).toEqual({
      status: 'removed',
    });
    await cloud.until(() => legacy.ids.includes('a'));
    await cloud.clock.run(60_000);
    expect(cloud.to('legacy', 'join')).toEqual([]);
    expect(legacy.ids).toEqual(['a', 'b']);
    expect(idsOf(b!)).toEqual(['a', 'legacy']);
  });

  it('is of no use to a peer that leaves', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    const leaving = a.core.leave();
    a.core.noteUnknownSender('b');
    void b.send(a.address, 'left', { id: 'a' });
    await cloud.clock.complete(leaving);
    await cloud.clock.run(30_000);
    expect(joins()).toBe(0);
  });
});
