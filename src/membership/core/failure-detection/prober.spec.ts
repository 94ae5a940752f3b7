import type { PeerTransport } from '../../../transport/peer-transport.interface.js';
import { TransportError } from '../../../transport/transport.error.js';
import type { JsonObject } from '../../../wire/json.js';
import { addFake, makeCloud, tell } from '../testing-support/checked-cloud.js';
import type { FakePeer } from '../testing-support/fake-peer.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from '../testing-support/test-cloud.js';

/** After Lifeguard's local health, and memberlist's tests of nacks. How long a check waits. */
describe('a check', () => {
  it('doubts itself where nobody answers at all, and waits longer then', async () => {
    const { cloud, a, check } = await makeCloud(['b', 'c', 'd']);
    const rest = ['b', 'c', 'd'].map((id) => a.core.get(id)!.ip);
    cloud.network.links.part([a.address.ip], rest);
    const took = async () => {
      const start = cloud.clock.monotonic();
      await check('b');
      return cloud.clock.monotonic() - start;
    };
    const first = await took();
    expect(await took()).toBeGreaterThanOrEqual(first * 2);
  });

  /** How long a check of a silent member takes after `before`. */
  async function timeOfCheck(
    before: (cloud: TestCloud, a: TestPeer, fake: FakePeer) => Promise<unknown>,
  ): Promise<number> {
    const { cloud, a, check } = await makeCloud(['c', 'd']);
    const b = await addFake(cloud, a, 'b');
    await before(cloud, a, b.fake);
    b.mute = true;
    const start = cloud.clock.monotonic();
    expect(await check('b')).toMatchObject({ online: false });
    return cloud.clock.monotonic() - start;
  }

  it('waits longer in a peer that was suspected itself, until others answer it in time', async () => {
    const suspected = async (cloud: TestCloud, a: TestPeer, fake: FakePeer) => {
      const { id, incarnation } = a.core.self;
      await tell(cloud, a, fake, { id, incarnation, state: 'suspect' });
      expect(a.core.self.incarnation).toBeGreaterThan(incarnation);
    };
    const usual = await timeOfCheck(() => Promise.resolve());
    const doubtful = await timeOfCheck(suspected);
    const reassured = await timeOfCheck(async (cloud, a, fake) => {
      await suspected(cloud, a, fake);
      await cloud.clock.complete(a.core.check('c'));
    });
    expect(doubtful).toBeGreaterThan(1.5 * usual);
    expect(reassured).toBeCloseTo(usual, -1);
  });

  /** A check of a silent member by one whose helpers are fakes: how long two of them take. */
  async function twoChecks(status: JsonObject) {
    const { cloud, a, check } = await makeCloud([]);
    const b = await addFake(cloud, a, 'b');
    for (const id of ['c', 'd', 'e']) {
      const helper = await addFake(cloud, a, id);
      helper.status = status;
    }
    b.mute = true;
    const took: number[] = [];
    for (let checks = 0; checks < 2; checks++) {
      const start = cloud.clock.monotonic();
      expect(await check('b')).toMatchObject({ online: false });
      took.push(cloud.clock.monotonic() - start);
    }
    return took;
  }

  it.each<[string, JsonObject]>([
    [
      'found nobody either',
      { probe: { id: 'b', online: false, refused: false } },
    ],
    ['answer without having checked', {}],
  ])('does not doubt itself where helpers %s', async (_, said) => {
    const [first, second] = await twoChecks({
      ext: { updates: [], ...said },
    });
    expect(second).toBeCloseTo(first!, -1);
  });

  it('waits as long as answers have taken before', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.delay = 200;
    expect(await check('b')).toMatchObject({ online: true });
    cloud.requests.length = 0;
    b.delay = 400;
    expect(await check('b')).toMatchObject({ online: true });
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(cloud.to('c', 'status')).toEqual([]);
  });

  it('waits longer after a member that others reached did not answer in time', async () => {
    const { cloud, a, check } = await makeCloud(['c', 'd']);
    const b = await addFake(cloud, a, 'b');
    const heal = cloud.network.links.part([a.address.ip], [b.fake.address.ip]);
    expect(await check('b')).toMatchObject({ online: true });
    heal();
    b.delay = 300;
    cloud.requests.length = 0;
    expect(await check('b')).toMatchObject({ online: true });
    const own = cloud.to('b', 'status').filter(({ from }) => from === 'a');
    expect(own).toHaveLength(1);
  });

  it('suspects nobody to whom this peer has no way, and says so once', async () => {
    const cloud = new TestCloud();
    const [c] = await cloud.cloud(['c'], { ticks: false });
    const six = cloud.peer('six', { ip: 'fd00::6', seeds: [c!.address] });
    const fours = ['a', 'b'].map((id) =>
      cloud.peer(id, {
        seeds: [c!.address],
        options: { indirectProbes: 1 },
        env: { transport: withoutIpv6(cloud, id) },
      }),
    );
    await cloud.until(() =>
      fours.every(({ core }) => core.members().length === 3),
    );
    await cloud.clock.run(5 * 60_000);
    for (const four of fours) {
      expect(idsOf(four)).toContain('six');
      expect(told(four).join()).not.toContain('suspected');
      expect(four.log).toEqual([
        expect.stringMatching(/^No way leads from here to \[fd00::6\]:9338/),
      ]);
    }
    expect(told(six).join()).not.toContain('left');
  });
});

it('suspects members where no way leads to anybody: this peer is the one that is cut off', async () => {
  const cloud = new TestCloud();
  let isCutOff = false;
  const usual = withoutIpv6(cloud, 'a');
  const none: PeerTransport = {
    request: (...request) =>
      isCutOff ? Promise.reject(noWay()) : usual.request(...request),
  };
  const [b, c] = await cloud.cloud(['b', 'c']);
  const a = cloud.peer('a', {
    seeds: [b!.address],
    env: { transport: none },
  });
  await cloud.until(() => a.core.members().length === 2);
  isCutOff = true;
  cloud.network.links.part([a.address.ip], [b!.address.ip, c!.address.ip]);
  await cloud.until(() => !a.core.isJoined, 120_000);
});

function noWay(): TransportError {
  const cause = Object.assign(new Error(), { code: 'ENETUNREACH' });
  return new TransportError('UNREACHABLE', 'x: connect ENETUNREACH', { cause });
}

/** A transport of a host with IPv4 only. */
function withoutIpv6(cloud: TestCloud, id: string): PeerTransport {
  const process = cloud.network.start({
    ip: `10.4.0.${id.charCodeAt(0)}`,
    port: 9338,
    senderId: () => id,
    handler: () => Promise.resolve({ status: 404, body: undefined }),
  });
  return {
    request: (target, ...rest) =>
      target.ip.includes(':')
        ? Promise.reject(noWay())
        : process.transport.request(target, ...rest),
  };
}
