import { FEATURES } from '../../wire/endpoints.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from './testing-support/test-cloud.js';

describe('MembershipCore', () => {
  it('is the first of a new cloud where nobody is known', async () => {
    const cloud = new TestCloud();
    const { core } = cloud.peer('a');
    await core.whenJoined();
    expect(core.isJoined).toBe(false);
    expect(core.members()).toEqual([]);
    expect(core.self).toMatchObject({ id: 'a', port: 9338, state: 'alive' });
  });

  it('has everybody on its list, with data, and reports it once and in order', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    expect(idsOf(a!)).toEqual(['b', 'c']);
    expect(idsOf(c!)).toEqual(['a', 'b']);
    expect(b!.core.get('c')?.data).toEqual({ name: 'c' });
    expect(told(a!)).toEqual([
      'cloud.joined',
      'peer.joined b',
      'peer.joined c',
    ]);
    expect(a!.core.digest).toBe(c!.core.digest);
  });

  it('gives the same array until something changes', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b']);
    const before = a!.core.members();
    expect(a!.core.members()).toBe(before);
    cloud.peer('c', { seeds: [a!.address] });
    await cloud.until(() => a!.core.members() !== before);
    expect(before).toHaveLength(1);
  });

  it('is forgotten at once when it leaves, and may come back', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    await cloud.settle(b!.core.leave());
    expect(b!.core.members()).toEqual([]);
    expect(b!.core.isJoined).toBe(false);
    expect(b!.core.leaving).toBe(true);
    expect(told(b!).at(-1)).toBe('cloud.left');
    expect(idsOf(a!)).toEqual(['c']);
    expect(idsOf(c!)).toEqual(['a']);
    expect(told(a!).at(-1)).toBe('peer.left b left');

    expect(await cloud.settle(b!.core.join([a!.address]))).toBe(true);
    await cloud.until(() => idsOf(c!).length === 2);
    expect(b!.core.leaving).toBe(false);
  });

  it('answers while it leaves, and refuses joins', async () => {
    const cloud = new TestCloud();
    const { core } = cloud.peer('a');
    await core.leave();
    const origin = { remoteAddress: '10.0.0.9' };
    expect(await core.receiveStatus({}, origin)).toMatchObject({
      online: false,
    });
    expect(await core.receiveJoin({ id: 'x' }, origin)).toMatchObject({
      status: 'rejected',
      error: { code: 'LEAVING' },
    });
  });

  it('replaces its data everywhere', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    await cloud.settle(b!.core.update({ version: 2 }));
    for (const peer of [a!, c!]) {
      expect(peer.core.get('b')?.data).toEqual({ version: 2 });
      expect(
        told(peer).filter((event) => event.startsWith('peer.updated')),
      ).toEqual(['peer.updated b']);
    }
    expect(b!.core.self.data).toEqual({ version: 2 });
  });

  it('refuses data that are too large to travel', async () => {
    const cloud = new TestCloud();
    const { core } = cloud.peer('a');
    const before = core.self;
    await expect(
      core.update({ text: 'x'.repeat(70_000) }),
    ).rejects.toMatchObject({
      code: 'DATA_TOO_LARGE',
    });
    expect(core.self).toBe(before);
  });

  it('stops for good: no timer is left, and nothing is sent any more', async () => {
    const cloud = new TestCloud();
    const { core } = cloud.peer('a', {
      seeds: [{ ip: '10.0.0.99', port: 1 }],
      ticks: false,
    });
    core.stop();
    core.stop();
    const { meter } = cloud.network;
    const before = meter.total().requests;
    await core.whenJoined();
    expect(await core.join()).toBe(false);
    await cloud.clock.run(60_000);
    expect(cloud.clock.pending).toBe(0);
    expect(meter.total().requests).toBe(before);
  });

  it('goes on when a listener throws', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a');
    const heard: string[] = [];
    a.core.onEvent(() => {
      throw new Error('a listener of the application');
    });
    a.core.onEvent(() => {
      // What cannot be made a string.
      const thrown: unknown = Object.create(null);
      throw thrown;
    });
    const end = a.core.onEvent((event) => heard.push(event.type));
    cloud.peer('b', { seeds: [a.address] });
    await cloud.until(() => heard.length === 2);
    end();
    cloud.peer('c', { seeds: [a.address] });
    await cloud.until(() => idsOf(a).length === 2);
    expect(heard).toEqual(['cloud.joined', 'peer.joined']);
    expect(a.log.join()).toContain('a listener of the application');
  });
});

describe('advertise()', () => {
  it('is heard by all, and by who comes later from somebody else', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    const data = { n: 1 };
    await cloud.settle(a!.core.update(data));
    a!.core.advertise(['own']);
    const featuresAt = ({ core }: TestPeer) => core.get('a')?.features ?? [];
    await cloud.until(() =>
      [b!, c!].every((peer) => featuresAt(peer).includes('own')),
    );
    expect(c!.core.get('a')).toMatchObject({
      data,
      features: [...FEATURES, 'own'],
    });
    const types = b!.events.map(({ type }) => type);
    expect(types.filter((type) => type === 'peer.features')).toHaveLength(1);
    const late = cloud.peer('d', { seeds: [b!.address] });
    await cloud.until(() => featuresAt(late).includes('own'));

    a!.core.advertise([]);
    await cloud.until(() =>
      [b!, c!, late].every((peer) => !featuresAt(peer).includes('own')),
    );
  });

  it('before the start goes along with the join', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a');
    const b = cloud.peer('b', { seeds: [a.address] });
    b.core.advertise(['own']);
    await cloud.until(() => a.core.get('b') !== undefined);
    expect(a.core.get('b')!.features).toContain('own');
  });
});
