import { resolveLimitOptions } from '../../security/limits.options.js';
import { ForeignUpdateError } from './foreign-update.error.js';
import { PeerCalls } from './peer-calls.js';
import {
  idsOf,
  infoOf,
  TestCloud,
  told,
  type TestPeer,
} from './testing-support/test-cloud.js';

/** What features a fake has to name so that it is treated as one of ours. */
const OURS = { features: ['update', 'gossip', 'probe', 'sync'] };

describe('PeerRequests', () => {
  let cloud: TestCloud;
  let a: TestPeer;

  beforeEach(() => {
    cloud = new TestCloud();
    a = cloud.peer('a', { ticks: false });
  });

  const legacyPeer = (id: string) => ({
    id,
    ip: '10.3.3.3',
    port: 9338,
    data: {},
  });

  async function members(...ids: string[]) {
    const fakes = ids.map((id) => cloud.fake(id));
    for (const fake of fakes) await cloud.settle(fake.join(a.address));
    return fakes;
  }

  describe('/joined', () => {
    it('adds the peer, once', async () => {
      const [m] = await members('m');
      const sender = a.core.get('m')!;
      for (let times = 0; times < 2; times++) {
        expect(await a.core.receiveJoined(legacyPeer('x'), sender)).toEqual({
          status: 'added',
        });
      }
      expect(idsOf(a)).toEqual(['m', 'x']);
      expect(m).toBeDefined();
    });

    it('about itself changes nothing', async () => {
      await members('m');
      const before = a.core.self;
      await a.core.receiveJoined(legacyPeer('a'), a.core.get('m')!);
      expect(a.core.self).toBe(before);
      expect(idsOf(a)).toEqual(['m']);
    });

    it('takes what a legacy peer says of extensions for hearsay, until the member itself says it', async () => {
      await members('m');
      const b = cloud.peer('b', { ticks: false });
      const forged = { ...infoOf(b), features: ['made up'], incarnation: 77 };
      await a.core.receiveJoined(forged, a.core.get('m')!);
      expect(a.core.get('b')?.features).toEqual([]);
      await cloud.clock.run(100);
      expect(a.core.get('b')?.features).toEqual(b.core.self.features);
    });

    it('asks at the old address before it believes a new one', async () => {
      const [, x] = await members('m', 'x');
      const elsewhere = { ...legacyPeer('x'), ip: '10.3.3.4' };
      await a.core.receiveJoined(elsewhere, a.core.get('m')!);
      await cloud.clock.run(3000);
      expect(a.core.get('x')?.ip).toBe(x!.address.ip);

      x!.process.crash();
      await a.core.receiveJoined(elsewhere, a.core.get('m')!);
      await cloud.clock.run(3000);
      expect(a.core.get('x')?.ip).toBe('10.3.3.4');
    });

    it('ends nobody at the new address of one that does not answer there', async () => {
      const [, x, y] = await members('m', 'x', 'y');
      x!.process.vanish();
      const elsewhere = { ...legacyPeer('x'), ...y!.address };
      await a.core.receiveJoined(elsewhere, a.core.get('m')!);
      await cloud.clock.run(3000);
      expect(a.core.get('y')).toMatchObject(y!.address);
      expect(a.core.get('x')?.ip).toBe(x!.address.ip);

      y!.process.crash();
      cloud.fake('x', y!.address);
      await a.core.receiveJoined(elsewhere, a.core.get('m')!);
      await cloud.clock.run(3000);
      expect(idsOf(a)).toEqual(['m', 'x']);
      expect(a.core.get('x')).toMatchObject(y!.address);
    });

    it('brings a member back that counted as gone, if it answers', async () => {
      const [, x] = await members('m', 'x');
      await a.core.receiveLeft({ id: 'x' }, a.core.get('x')!);
      expect(idsOf(a)).toEqual(['m']);
      await a.core.receiveJoined(
        { ...legacyPeer('x'), ...x!.address },
        a.core.get('m')!,
      );
      await cloud.clock.run(1000);
      expect(idsOf(a)).toEqual(['m', 'x']);
    });

    it.each([
      ['an address that is not allowed', { allows: () => false }],
      ['a record whose signature does not hold', { verifyRecord: () => false }],
    ])('leaves out %s', async (_, env) => {
      const wary = cloud.peer('wary', { ticks: false });
      const m = cloud.fake('m');
      await cloud.settle(m.join(wary.address));
      const strict = cloud.peer('strict', { env, ticks: false, seeds: [] });
      const sender = wary.core.get('m')!;
      await strict.core.receiveJoined(legacyPeer('x'), sender);
      expect(strict.core.members()).toEqual([]);
    });

    it('has one check of a member wait, however often it is spoken of', async () => {
      const [, x] = await members('m', 'x');
      x!.process.vanish();
      const sender = a.core.get('m')!;
      const before = cloud.to('x', 'status').length;
      const waits: Promise<unknown>[] = [];
      const calls = vi.spyOn(PeerCalls.prototype, 'call');
      for (let n = 0; n < 500; n++) {
        const place = { ip: '10.3.4.4', port: 2000 + n };
        waits.push(
          a.core.receiveJoined({ ...legacyPeer('x'), ...place }, sender),
        );
      }
      await cloud.settle(Promise.all(waits));
      await cloud.clock.run(20_000);
      expect(cloud.to('x', 'status').length).toBe(before);
      // The first and the newest: both addresses of each are asked.
      expect(calls.mock.calls.length).toBeLessThan(6);
      calls.mockRestore();
      expect(a.core.get('x')).toMatchObject({ port: 2499 });
    });

    it('checks no signature of what is known already', async () => {
      const verifyRecord = vi.fn(() => true);
      const strict = cloud.peer('strict', {
        env: { verifyRecord },
        ticks: false,
      });
      await cloud.settle(cloud.fake('m').join(strict.address));
      const sender = strict.core.get('m')!;
      const record = { ...legacyPeer('x'), ...OURS, state: 'alive' };
      const tell = (incarnation: number) =>
        strict.core.receiveSync(
          { members: [{ ...record, incarnation }] },
          sender,
        );
      await tell(5);
      verifyRecord.mockClear();
      for (const incarnation of [5, 4, 1]) await tell(incarnation);
      expect(verifyRecord).not.toHaveBeenCalled();
      await tell(6);
      expect(verifyRecord).toHaveBeenCalledOnce();
      expect(strict.core.get('x')?.incarnation).toBe(6);
    });

    it('lets one reporter name only so many', async () => {
      const small = cloud.peer('small', {
        options: { hearsayQuota: 3 },
        ticks: false,
      });
      await cloud.settle(cloud.fake('m').join(small.address));
      const sender = small.core.get('m')!;
      for (let n = 0; n < 10; n++) {
        await small.core.receiveJoined(
          { ...legacyPeer(`x${n}`), port: 1000 + n },
          sender,
        );
      }
      expect(small.core.members()).toHaveLength(4);
    });
  });

  describe('members whom others name', () => {
    const limits = (own: object) => ({
      limits: resolveLimitOptions(own, 'limits'),
    });

    it('are bounded for each reporter until one of them answers', async () => {
      const peer = cloud.peer('p', {
        options: limits({ maxHearsay: 3 }),
        ticks: false,
      });
      const names = ['m', 'n'].map((id) => cloud.fake(id));
      for (const fake of names) await cloud.settle(fake.join(peer.address));
      const [m, n] = [peer.core.get('m')!, peer.core.get('n')!];
      const real = Array.from({ length: 6 }, (_, index) =>
        cloud.fake(`r${index}`, { status: { ...OURS, incarnation: 1 } }),
      );
      const tell = (index: number, sender = m) => {
        const { id, address } = real[index]!;
        const info = { ...OURS, id, ...address, data: {}, incarnation: 1 };
        const state = 'alive';
        return peer.core.receiveSync({ members: [{ ...info, state }] }, sender);
      };
      for (const index of [0, 1, 2, 3]) await tell(index);
      expect(idsOf(peer)).toEqual(['m', 'n', 'r0', 'r1', 'r2']);
      await tell(3, n);
      expect(idsOf(peer)).toContain('r3');
      await cloud.settle(peer.core.check('r1'));
      for (const index of [4, 5]) await tell(index);
      expect(idsOf(peer)).toEqual(['m', 'n', 'r0', 'r1', 'r2', 'r3', 'r4']);
    });

    it('make room in a full list for one that joins', async () => {
      const peer = cloud.peer('p', { options: { maxPeers: 4 }, ticks: false });
      await cloud.settle(cloud.fake('m').join(peer.address));
      const sender = peer.core.get('m')!;
      for (const n of [1, 2, 3, 4, 5]) {
        const info = { ...legacyPeer(`x${n}`), ...OURS, incarnation: 1 };
        const members = [{ ...info, port: 2000 + n, state: 'alive' }];
        await peer.core.receiveSync({ members }, sender);
      }
      expect(idsOf(peer)).toEqual(['m', 'x1', 'x2', 'x3']);
      for (const id of ['j1', 'j2', 'j3']) {
        const answer = await cloud.settle(cloud.fake(id).join(peer.address));
        expect(answer.status).toBe('joined');
      }
      expect(idsOf(peer)).toEqual(['j1', 'j2', 'j3', 'm']);
      const late = await cloud.settle(cloud.fake('late').join(peer.address));
      expect(late).toMatchObject({ error: { code: 'CLOUD_FULL' } });
    });
  });

  describe('/left', () => {
    it('by one reporter is looked into only so often', async () => {
      const [, x] = await members('m', 'x', 'y');
      const sender = a.core.get('m')!;
      const { reportsPerMinute } = resolveLimitOptions({}, 'limits');
      const before = cloud.to('x', 'status').length;
      for (let n = 0; n < 2 * reportsPerMinute; n++) {
        await a.core.receiveLeft({ id: 'nobody' }, sender);
        await a.core.receiveLeft({ id: 'x' }, sender);
        await cloud.clock.run(20);
      }
      expect(cloud.to('x', 'status').length - before).toBeLessThan(
        1.2 * reportsPerMinute,
      );
      expect(a.core.get('x')).toMatchObject(x!.address);
      await a.core.receiveLeft({ id: 'm' }, sender);
      expect(a.core.get('m')).toBeUndefined();
      await a.core.receiveLeft({ id: 'x' }, a.core.get('y')!);
      expect(a.core.get('x')).toBeUndefined();
    });

    it('from the member itself is final', async () => {
      await members('m', 'x');
      expect(await a.core.receiveLeft({ id: 'm' }, a.core.get('m')!)).toEqual({
        status: 'removed',
      });
      expect(idsOf(a)).toEqual(['x']);
      expect(told(a).at(-1)).toBe('peer.left m left');
    });

    it('about nobody is answered all the same', async () => {
      await members('m');
      expect(
        await a.core.receiveLeft({ id: 'nobody' }, a.core.get('m')!),
      ).toEqual({ status: 'removed' });
      expect(idsOf(a)).toEqual(['m']);
    });

    it('about a third one is obeyed at once, and taken back without a word if it answers', async () => {
      await members('m', 'x');
      const before = told(a);
      await a.core.receiveLeft({ id: 'x' }, a.core.get('m')!);
      expect(idsOf(a)).toEqual(['m']);
      expect(a.core.get('x')).toBeUndefined();
      const admitted = a.core.admit('x');
      await cloud.clock.run(1500);
      expect(idsOf(a)).toEqual(['m', 'x']);
      expect(await admitted).toMatchObject({ id: 'x' });
      expect(told(a)).toEqual(before);
    });

    it.each([
      ['does not answer', 'dead'],
      ['is another by now', 'replaced'],
      ['is leaving', 'left'],
    ])('about a third one that %s: reason %s', async (_, reason) => {
      const [, x] = await members('m', 'x');
      if (reason === 'dead') x!.process.crash();
      else if (reason === 'replaced') cloud.fake('y', x!.address);
      else x!.options.status = { online: false };
      await a.core.receiveLeft({ id: 'x' }, a.core.get('m')!);
      await cloud.clock.run(3000);
      expect(idsOf(a)).toEqual(['m']);
      expect(told(a).at(-1)).toBe(`peer.left x ${reason}`);
    });

    it('about itself makes it join again through the sender, at a limited rate', async () => {
      const b = cloud.peer('b', { seeds: [a.address], ticks: false });
      await cloud.clock.run(10_000);
      const { incarnation } = a.core.self;
      for (let times = 0; times < 20; times++) {
        const listed = b.core.get('a');
        if (listed) await b.core.receiveLeft({ id: 'a' }, listed);
        expect(await a.core.receiveLeft({ id: 'a' }, a.core.get('b')!)).toEqual(
          { status: 'removed' },
        );
        await cloud.clock.run(100);
      }
      expect(a.core.self.incarnation).toBeGreaterThan(incarnation);
      const joins = cloud.to('b', 'join').length;
      expect(joins).toBeGreaterThan(0);
      expect(joins).toBeLessThanOrEqual(3);
      await a.core.receiveLeft({ id: 'a' }, a.core.get('b')!);
      await cloud.until(() => idsOf(b).length === 1);
    });
  });

  describe('/update', () => {
    it("replaces the sender's data, and nobody else's", async () => {
      await members('m', 'x');
      const sender = a.core.get('m')!;
      await expect(
        a.core.receiveUpdate({ id: 'x', data: {} }, sender),
      ).rejects.toBeInstanceOf(ForeignUpdateError);
      expect(
        await a.core.receiveUpdate({ id: 'm', data: { n: 2 } }, sender),
      ).toEqual({
        status: 'updated',
      });
      expect(a.core.get('m')?.data).toEqual({ n: 2 });
      expect(a.core.get('x')?.data).toEqual({});
    });

    it('ignores one that is older than what it has, and one from too far ahead', async () => {
      const now = cloud.clock.now();
      const status = { ...OURS, incarnation: now };
      await cloud.settle(cloud.fake('m', { status }).join(a.address, status));
      const update = (incarnation: number, n: number) =>
        a.core.receiveUpdate(
          { id: 'm', data: { n }, incarnation },
          a.core.get('m')!,
        );
      await update(now + 5, 5);
      await update(now + 3, 3);
      await update(now + 48 * 3_600_000, 9);
      expect(a.core.get('m')?.data).toEqual({ n: 5 });
    });
  });

  describe('/status', () => {
    const origin = { remoteAddress: '10.0.0.9' };

    it('tells everybody about itself, and members only about others', async () => {
      const status = { ...OURS, incarnation: 5 };
      await cloud.settle(cloud.fake('m', { status }).join(a.address, status));
      const { features, incarnation } = a.core.self;
      const own = {
        id: 'a',
        online: true,
        listening: true,
        joined: true,
        features,
        incarnation,
      };
      const body = { ext: { digest: '', updates: [] } };
      expect(await a.core.receiveStatus(body, origin)).toEqual(own);
      expect(
        await a.core.receiveStatus(body, { ...origin, senderId: 'stranger' }),
      ).toEqual(own);
      expect(
        await a.core.receiveStatus({}, { ...origin, senderId: 'm' }),
      ).toEqual(own);
      expect(
        await a.core.receiveStatus(body, { ...origin, senderId: 'm' }),
      ).toEqual({
        ...own,
        ext: { digest: a.core.digest, updates: expect.any(Array) },
      });
    });

    it('has no extension part for a legacy member', async () => {
      await members('m');
      const answer = await a.core.receiveStatus(
        { ext: { updates: [] } },
        { ...origin, senderId: 'm' },
      );
      expect(answer.ext).toBeUndefined();
    });

    it('never throws at what a member sends, and believes none of it', async () => {
      const status = { ...OURS, incarnation: 5 };
      await cloud.settle(cloud.fake('m', { status }).join(a.address, status));
      const nonsense = [
        1,
        'x',
        null,
        [],
        {},
        { updates: 1 },
        { updates: [1, null, [], { state: 'alive' }] },
        { digest: {} },
        { probe: {} },
        { probe: 'nobody' },
        { introduce: 'nobody' },
        { introduce: 'm' },
        { repairs: 1 },
        { repairs: [1, null, {}, { legacy: 'm', about: 5 }] },
        { repairs: [{ legacy: 'nobody', about: 'm', ago: 'x' }] },
        { repairs: [{ legacy: 'm', about: 'nobody', ago: -5 }] },
        { seen: 'x', you: 5 },
        { seen: 2 ** 60 },
        { updates: [{ id: 'a', incarnation: 2 ** 52, state: 'dead' }] },
      ];
      const before = a.core.self;
      for (const ext of nonsense) {
        await a.core.receiveStatus({ ext } as never, {
          ...origin,
          senderId: 'm',
        });
        await a.core.receiveSync(
          { members: ext, dead: ext, buckets: ext } as never,
          a.core.get('m')!,
        );
      }
      expect(idsOf(a)).toEqual(['m']);
      expect(a.core.self).toBe(before);
    });
  });
});
