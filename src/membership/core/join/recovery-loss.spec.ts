import { resolveMembershipOptions } from '../options/membership.options.js';
import { OURS } from '../testing-support/checked-cloud.js';
import { evicted, makeMember } from '../testing-support/fickle-member.js';
import { idsOf } from '../testing-support/test-cloud.js';

/** What it takes to get back in where answers are lost. */
describe('the way back', () => {
  it('asks the next member to be let in before the first one has had its time', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd']);
    for (const id of ['b', 'c']) {
      hosts.get(id)!.answersJoin = false;
    }
    const { joinTimeout } = resolveMembershipOptions();
    void a.core.check('b');
    await cloud.until(() => hosts.get('d')!.knows, joinTimeout / 2);
    const incarnations = sent('join').map(({ body }) => body.incarnation);
    expect(new Set(incarnations).size).toBe(incarnations.length);
    for (const host of hosts.values()) {
      host.knows = true;
    }
    await cloud.clock.run(60_000);
    expect(sent('join').length).toBeLessThanOrEqual(3);
  });

  it('waits longer for a member that is slow to answer questions', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd']);
    for (const host of hosts.values()) {
      host.checkDelay = 200;
      host.joinDelay = 1100;
    }
    void a.core.check('b');
    await cloud.until(() => hosts.get('b')!.knows, 10_000);
    for (const host of hosts.values()) {
      host.knows = true;
    }
    await cloud.clock.run(60_000);
    expect(sent('join').map(({ to }) => to)).toEqual(['b']);
  });

  it('asks the only other member again, not one that refuses', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b']);
    const host = hosts.get('b')!;
    host.answersJoin = false;
    void a.core.check('b');
    const { joinTimeout } = resolveMembershipOptions();
    await cloud.until(() => sent('join').length === 2, joinTimeout / 2);
    host.answersJoin = true;
    host.letsIn = false;
    await cloud.until(() => sent('join').length === 3, joinTimeout / 2);
    host.knows = true;
    await cloud.clock.run(joinTimeout);
    expect(sent('join')).toHaveLength(3);
  });

  it('does not wait for a join that nobody answers once it is in', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c']);
    hosts.get('b')!.answersJoin = false;
    void a.core.check('b');
    await cloud.until(() => hosts.get('c')!.knows, 1000);
    expect(sent('join').map(({ to }) => to)).toEqual(['b', 'c']);
    await cloud.clock.run(100);
    // The application may join elsewhere at once, though the first join still waits.
    const other = await makeMember(cloud, a, 'd');
    const joining = a.core.join([other.peer.address]);
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(joining)).toBe(true);
    expect(cloud.clock.monotonic() - start).toBeLessThan(100);
  });

  it('asks nobody who was only heard of', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b']);
    const names = Array.from({ length: 5 }, (_, index) =>
      cloud.fake(`x${index}`, { answer: () => new Promise(() => {}) }),
    );
    const members = names.map(({ id, address }) => {
      const record = { ...OURS, id, ...address, data: {}, incarnation: 1 };
      return { ...record, state: 'alive' };
    });
    await a.core.receiveSync({ members }, a.core.get('b')!);
    expect(idsOf(a)).toHaveLength(6);
    hosts.get('b')!.letsIn = false;
    void a.core.check('b');
    await cloud.clock.run(10_000);
    expect(new Set(sent('join').map(({ to }) => to))).toEqual(new Set(['b']));
  });

  it('sends a bounded number of joins to a cloud that lets it in nowhere', async () => {
    const ids = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const { cloud, a, hosts, sent } = await evicted(ids);
    for (const host of hosts.values()) {
      host.letsIn = false;
    }
    for (let second = 0; second < 600; second++) {
      void a.core.check(ids[second % ids.length]);
      await cloud.clock.run(1000);
    }
    expect(sent('join').length).toBeGreaterThan(30);
    expect(sent('join').length).toBeLessThan(150);
  });

  it('asks nobody else where the first one answers', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd']);
    void a.core.check('b');
    await cloud.until(() => hosts.get('b')!.knows, 100);
    for (const host of hosts.values()) {
      host.knows = true;
    }
    await cloud.clock.run(60_000);
    expect(sent('join').map(({ to }) => to)).toEqual(['b']);
  });

  it('goes on through the others where one refuses', async () => {
    const { cloud, a, hosts } = await evicted(['b', 'c']);
    hosts.get('b')!.letsIn = false;
    void a.core.check('b');
    await cloud.until(() => hosts.get('c')!.knows, 100);
  });

  it('takes the word of another member where the first one is silent when asked again', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c']);
    hosts.get('b')!.answersStatus = false;
    a.core.noteUnknownSender('b');
    await cloud.clock.run(50);
    expect(sent('join')).toEqual([]);
    void a.core.check('c');
    await cloud.until(() => hosts.get('b')!.knows, 100);
  });

  it('does not take the word of a member that is leaving', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b']);
    const leaving = await makeMember(cloud, a, 'd');
    await cloud.clock.run(20_000);
    leaving.host.knows = false;
    leaving.host.leaves = true;
    hosts.get('b')!.answersStatus = false;
    a.core.noteUnknownSender('b');
    await cloud.clock.run(50);
    void a.core.check('d');
    await cloud.clock.run(10_000);
    expect(sent('join')).toEqual([]);
  });

  it('asks again as long as nobody answers, three times at most', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b']);
    a.core.noteUnknownSender('b');
    hosts.get('b')!.answersStatus = false;
    await cloud.clock.run(30_000);
    expect(sent('status')).toHaveLength(3);
    a.core.noteUnknownSender('b');
    await cloud.until(() => sent('status').length === 4);
    hosts.get('b')!.answersStatus = true;
    await cloud.until(() => sent('join').length === 1);
  });

  it('asks some members at once after a stall whether they still list this peer', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd', 'e']);
    await cloud.clock.complete(a.core.tick());
    for (const host of hosts.values()) {
      host.knows = true;
    }
    await cloud.clock.run(20_000);
    for (const host of hosts.values()) {
      host.knows = false;
    }
    cloud.requests.length = 0;
    void a.core.tick();
    await cloud.clock.run(1);
    // With the check that was due.
    expect(sent('status').length).toBe(4);
    expect(
      new Set(sent('status').map(({ to }) => to)).size,
    ).toBeGreaterThanOrEqual(3);
    await cloud.until(() => sent('join').length === 1, 100);
  });
});
