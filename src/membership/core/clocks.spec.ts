import type { JsonObject } from '../../wire/json.js';
import type { MembershipEnvironment } from './membership.types.js';
import { OURS } from './testing-support/checked-cloud.js';
import {
  idsOf,
  infoOf,
  TestCloud,
  type TestPeer,
  type TestPeerOptions,
} from './testing-support/test-cloud.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Starts a peer whose clock is ahead by what `error` says. */
function startAhead(
  cloud: TestCloud,
  id: string,
  error: { ms: number },
  options: TestPeerOptions = {},
): TestPeer {
  const { clock } = cloud;
  const env: Partial<MembershipEnvironment> = {
    clock: {
      now: () => clock.now() + error.ms,
      monotonic: () => clock.monotonic(),
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      clearTimeout: (timer) => clock.clearTimeout(timer as never),
    },
  };
  return cloud.peer(id, { ...options, env });
}

describe('a peer whose clock is days ahead at its start', () => {
  it('comes in once the clock is put right, and both sides say why not before', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b']);
    const error = { ms: 2 * DAY };
    const c = startAhead(cloud, 'c', error, { seeds: [a!.address] });
    await cloud.clock.run(60_000);
    expect(idsOf(c)).toEqual([]);
    expect(c.log.join()).toMatch(/clock.* is wrong \(CLOCK_AHEAD\)/);
    expect(a!.log.join()).toMatch(
      /Refused to let in c .*, 48 hours ahead \(CLOCK_AHEAD\)/,
    );
    error.ms = 0;
    await cloud.until(() => idsOf(c).join() === 'a,b', 30_000);
    await cloud.until(() => idsOf(b!).join() === 'a,c', 5000);
    expect(c.log.join()).toContain('48 hours ahead when this peer started');
    await cloud.settle(c.core.update({ v: 1 }));
    expect(b!.core.get('c')?.data).toEqual({ v: 1 });
  });

  it('comes in with others that formed a cloud by the same clock', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b']);
    const error = { ms: 2 * DAY };
    const c = startAhead(cloud, 'c', error, { seeds: [a!.address] });
    const d = startAhead(cloud, 'd', error, {
      seeds: [a!.address, c.address],
    });
    await cloud.until(() => d.core.isJoined && c.core.isJoined);
    error.ms = 0;
    await cloud.until(
      () =>
        idsOf(a!).join() === 'b,c,d' &&
        idsOf(c).join() === 'a,b,d' &&
        idsOf(d).join() === 'a,b,c',
      120_000,
    );
    expect(a!.core.digest).toBe(c.core.digest);
    expect(a!.core.digest).toBe(d.core.digest);
  });
});

describe('a member that lies about how new another one is', () => {
  const LEADS = [20.9999, 21.9999, 22.9999, 23.9999];

  /** x, a peer whose clock is 10 s behind, and a liar that both believe to be a member. */
  async function withLiar() {
    const cloud = new TestCloud();
    const x = cloud.peer('x');
    const slow = startAhead(
      cloud,
      'slow',
      { ms: -10_000 },
      { seeds: [x.address] },
    );
    const [liar] = await cloud.members(x, ['liar']);
    await cloud.settle(
      liar!.join(x.address, { ...OURS, incarnation: cloud.clock.now() }),
    );
    await cloud.until(() => idsOf(slow).join() === 'liar,x');
    const say = (update: JsonObject) =>
      Promise.all(
        [x, slow].map(({ address }) =>
          cloud.settle(
            liar!.send(address, 'status', { ext: { updates: [update] } }),
          ),
        ),
      );
    return { cloud, x, slow, say };
  }

  it.each(LEADS)(
    'keeps its updates from nobody by accusing it %d hours ahead',
    async (hours) => {
      const { cloud, x, slow, say } = await withLiar();
      const incarnation = Math.floor(cloud.clock.now() + hours * HOUR);
      await say({ id: 'x', incarnation, state: 'suspect' });
      await cloud.settle(x.core.update({ hours }));
      await cloud.until(() => slow.core.get('x')?.data.hours === hours, 3000);
    },
  );

  it.each(LEADS)(
    'keeps its updates from nobody by inventing its record %d hours ahead',
    async (hours) => {
      const { cloud, x, slow, say } = await withLiar();
      const incarnation = Math.floor(cloud.clock.now() + hours * HOUR);
      const lie = { data: { lie: 1 }, incarnation, state: 'alive' };
      await say({ ...infoOf(x), ...lie } as unknown as JsonObject);
      await cloud.settle(x.core.update({ hours }));
      await cloud.until(() => slow.core.get('x')?.data.hours === hours, 3000);
    },
  );
});
