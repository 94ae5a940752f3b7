import { resolveLimitOptions } from '../../options/limits.options.js';
import { OURS } from './testing-support/checked-cloud.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from './testing-support/test-cloud.js';

describe('requests to MembershipCore', () => {
  let cloud: TestCloud;
  let a: TestPeer;

  beforeEach(() => {
    cloud = new TestCloud();
    a = cloud.peer('a', { ticks: false });
  });

  const members = (...ids: string[]) => cloud.members(a, ids);

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
      if (reason === 'dead') {
        x!.process.crash();
      } else if (reason === 'replaced') {
        cloud.fake('y', x!.address);
      } else {
        x!.options.status = { online: false };
      }
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
        if (listed) {
          await b.core.receiveLeft({ id: 'a' }, listed);
        }
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
      ).rejects.toMatchObject({ code: 'NOT_YOURS' });
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
