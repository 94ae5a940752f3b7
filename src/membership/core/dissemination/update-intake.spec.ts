import { resolveLimitOptions } from '../../../options/limits.options.js';
import { PeerCalls } from '../peer-calls.js';
import { OURS } from '../testing-support/checked-cloud.js';
import {
  idsOf,
  infoOf,
  TestCloud,
  type TestPeer,
} from '../testing-support/test-cloud.js';

/** What others say of members. */
describe('UpdateIntake', () => {
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

  const members = (...ids: string[]) => cloud.members(a, ids);

  describe.each(['gossip', '/sync', '/joined'])(
    'about members of clouds, in %s',
    (way) => {
      it.each([
        ['blue', 'green'],
        ['blue', undefined],
        [undefined, 'green'],
      ])(
        'takes over none for %s that is said to be of %s',
        async (own, other) => {
          const wary = cloud.peer('wary', { cloud: own, ticks: false });
          const from = cloud.fake('m');
          const advertised = {
            ...OURS,
            incarnation: 5,
            ...(own !== undefined && { cloud: own }),
          };
          await cloud.settle(from.join(wary.address, advertised));
          const say = (id: string, name: string | undefined) => {
            const said = {
              ...legacyPeer(id),
              port: id === 'x' ? 9338 : 9339,
              ...OURS,
              incarnation: 7,
              state: 'alive',
              ...(name !== undefined && { cloud: name }),
            };
            const sender = wary.core.get('m')!;
            return cloud.settle<unknown>(
              way === '/joined'
                ? wary.core.receiveJoined(said, sender)
                : way === '/sync'
                  ? wary.core.receiveSync({ members: [said] }, sender)
                  : from.send(wary.address, 'status', {
                      ext: { updates: [said] },
                    }),
            );
          };
          await say('x', other);
          expect(idsOf(wary)).toEqual(['m']);
          await say('y', own);
          expect(idsOf(wary)).toEqual(['m', 'y']);
        },
      );
    },
  );

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

    it('believes nothing that a legacy peer says of extensions, until the member itself says it', async () => {
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
      ['an address that is not allowed', { addressRefusal: () => 'is public' }],
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
      // The first and the newest: both addresses of each are asked, twice at most.
      expect(calls.mock.calls.length).toBeLessThanOrEqual(8);
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
      for (const incarnation of [5, 4, 1]) {
        await tell(incarnation);
      }
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

  describe('members that others name', () => {
    const limits = (own: object) => ({
      limits: resolveLimitOptions(own, 'limits'),
    });

    it('are bounded for each reporter until one of them answers', async () => {
      const peer = cloud.peer('p', {
        options: limits({ maxHearsay: 3 }),
        ticks: false,
      });
      const names = ['m', 'n'].map((id) => cloud.fake(id));
      for (const fake of names) {
        await cloud.settle(fake.join(peer.address));
      }
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
      for (const index of [0, 1, 2, 3]) {
        await tell(index);
      }
      expect(idsOf(peer)).toEqual(['m', 'n', 'r0', 'r1', 'r2']);
      await tell(3, n);
      expect(idsOf(peer)).toContain('r3');
      await cloud.settle(peer.core.check('r1'));
      for (const index of [4, 5]) {
        await tell(index);
      }
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
});
