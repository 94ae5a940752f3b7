import type { PeerTransport } from '../../../transport/peer-transport.interface.js';
import type { JsonObject } from '../../../wire/json.js';
import {
  idsOf,
  infoOf,
  TestCloud,
  told,
  type TestPeer,
  type TestPeerOptions,
} from '../testing-support/test-cloud.js';

/** Two peers that know each other, at rest, and ask for nothing by themselves. */
async function makePair(options: TestPeerOptions['options'] = {}) {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false, options });
  const b = cloud.peer('b', { ticks: false, options, seeds: [a.address] });
  await cloud.clock.run(20_000);
  cloud.requests.length = 0;
  return { cloud, a, b };
}

/** Lets one peer know of somebody that the other has not heard of. */
async function tellOnly(peer: TestPeer, id: string, extra: JsonObject = {}) {
  const record = {
    id,
    ip: '10.5.0.1',
    port: 1000 + id.charCodeAt(0),
    data: { id },
    features: ['gossip', 'sync'],
    incarnation: 1,
    state: 'alive',
    ...extra,
  };
  const [sender] = peer.core.members();
  await peer.core.receiveSync({ members: [record] }, sender!);
}

describe('Synchronizer', () => {
  it('compares after a join, three times, and finds nothing to tell where lists are equal', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    cloud.peer('b', { ticks: false, seeds: [a.address] });
    await cloud.clock.run(60_000);
    expect(cloud.to('a', 'sync')).toHaveLength(3);
    for (const { body } of cloud.to('a', 'sync')) {
      expect(Object.keys(body).sort()).toEqual(['buckets', 'digest']);
    }
  });

  it('answers with nothing but its digest where lists are equal', async () => {
    const { a, b } = await makePair();
    expect(
      await a.core.receiveSync(
        { digest: b.core.digest, buckets: Array(16).fill(0) },
        a.core.get('b')!,
      ),
    ).toEqual({
      digest: a.core.digest,
    });
  });

  it('brings two lists together, in both directions, with what differs only', async () => {
    const { cloud, a, b } = await makePair();
    await tellOnly(a, 'x');
    await tellOnly(b, 'y');
    expect(a.core.digest).not.toBe(b.core.digest);
    void a.core.check('b');
    await cloud.until(() => a.core.digest === b.core.digest);
    expect(idsOf(a)).toEqual(['b', 'x', 'y']);
    expect(idsOf(b)).toEqual(['a', 'x', 'y']);
    expect(b.core.get('x')?.data).toEqual({ id: 'x' });
  });

  it('does not compare for each difference that it sees, only for one that stays', async () => {
    const { cloud, a, b } = await makePair();
    await tellOnly(a, 'x');
    await tellOnly(b, 'x', { incarnation: 2 });
    await tellOnly(b, 'y');
    for (let n = 0; n < 30; n++) {
      void a.core.check('b');
      await cloud.clock.run(100);
    }
    expect(
      cloud.to('b', 'sync').length + cloud.to('a', 'sync').length,
    ).toBeLessThan(12);
    expect(a.core.digest).toBe(b.core.digest);
  });

  it('takes a newer record and gives none for an older one', async () => {
    const { a, b } = await makePair();
    const older = {
      ...infoOf(b),
      incarnation: 1,
      data: { old: true },
      state: 'alive',
    };
    const sender = a.core.get('b')!;
    await a.core.receiveSync({ members: [older] } as never, sender);
    expect(a.core.get('b')?.data).toEqual({ name: 'b' });
    const newer = {
      ...infoOf(b),
      incarnation: b.core.self.incarnation + 1,
      data: { new: true },
      state: 'alive',
    };
    await a.core.receiveSync({ members: [newer] } as never, sender);
    expect(a.core.get('b')?.data).toEqual({ new: true });
  });

  it('objects to members that it knows to be gone', async () => {
    const { cloud, a, b } = await makePair();
    const gone = cloud.fake('gone');
    await cloud.settle(gone.join(a.address));
    const record = {
      id: 'gone',
      ...gone.address,
      data: {},
      incarnation: 0,
      state: 'alive',
    };
    await a.core.receiveLeft({ id: 'gone' }, a.core.get('gone')!);
    const answer = await a.core.receiveSync(
      { members: [record] } as never,
      a.core.get('b')!,
    );
    expect(answer.dead).toEqual([
      { id: 'gone', incarnation: 0, state: 'left' },
    ]);
    expect(idsOf(a)).toEqual(['b']);
    expect(b.core.id).toBe('b');
  });

  it('takes word of a death for a suspicion, and asks at once', async () => {
    const { cloud, a, b } = await makePair();
    const c = cloud.peer('c', { ticks: false, seeds: [a.address] });
    await cloud.clock.run(20_000);
    const { incarnation } = c.core.self;
    const dead = [{ id: 'c', incarnation, state: 'dead' }];
    await a.core.receiveSync({ dead }, a.core.get('b')!);
    expect(a.core.get('c')?.state).toBe('suspect');
    await cloud.until(() => a.core.get('c')?.state === 'alive');
    expect(c.core.self.incarnation).toBeGreaterThan(incarnation);
    await cloud.until(
      () => b.core.get('c')?.incarnation === c.core.self.incarnation,
    );
    expect(told(a)).not.toContain('peer.left c dead');
  });

  it('asks a member that is said to have left, and believes it then', async () => {
    const { cloud, a } = await makePair();
    const c = cloud.peer('c', { ticks: false, seeds: [a.address] });
    await cloud.clock.run(20_000);
    const left = [
      { id: 'c', incarnation: c.core.self.incarnation, state: 'left' },
    ];
    await a.core.receiveSync({ dead: left }, a.core.get('b')!);
    await cloud.clock.run(2000);
    expect(idsOf(a)).toEqual(['b', 'c']);
    expect(told(a)).not.toContain('peer.left c left');
    c.process.crash();
    await a.core.receiveSync({ dead: left }, a.core.get('b')!);
    await cloud.until(() => !idsOf(a).includes('c'));
    expect(told(a).at(-1)).toBe('peer.left c left');
  });

  it('compares again after a comparison that threw', async () => {
    const cloud = new TestCloud();
    const own: { transport?: PeerTransport; isBroken?: boolean } = {};
    const broken = {
      get members(): never {
        throw new Error('a broken answer');
      },
    };
    const transport: PeerTransport = {
      request: (target, endpoint, ...rest) =>
        endpoint === 'sync' && own.isBroken
          ? Promise.resolve({ status: 200, body: broken })
          : own.transport!.request(target, endpoint, ...rest),
    };
    const b = cloud.peer('b', { ticks: false });
    const a = cloud.peer('a', { ticks: false, env: { transport } });
    own.transport = a.process.transport;
    await cloud.settle(a.core.join([b.address]));
    own.isBroken = true;
    await cloud.until(() => a.log.join().includes('a broken answer'));
    own.isBroken = false;
    await cloud.clock.run(20_000);
    expect(cloud.to('b', 'sync').length).toBeGreaterThan(0);
  });

  it('sends long lists in parts', async () => {
    // Without gossip, which would bring them all in the end.
    const { cloud, a, b } = await makePair({ gossipInterval: 600_000 });
    const data = { text: 'x'.repeat(20_000) };
    for (let n = 0; n < 60; n++) {
      await tellOnly(a, `x${n}`, { data, port: 2000 + n });
    }
    expect(a.core.members()).toHaveLength(61);
    while (b.core.members().length < 61) {
      await cloud.clock.complete(b.core.check('a'));
      await cloud.clock.run(1000);
      expect(cloud.clock.monotonic()).toBeLessThan(120_000);
    }
    const sizes = cloud
      .to('b', 'sync')
      .map(({ body }) => JSON.stringify(body).length);
    expect(Math.max(0, ...sizes)).toBeLessThan(600_000);
    expect(a.core.digest).toBe(b.core.digest);
  });
});
