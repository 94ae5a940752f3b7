import type { JsonObject } from '../../../wire/json.js';
import {
  idsOf,
  TestCloud,
  type TestPeer,
} from '../testing-support/test-cloud.js';

/** News rides on checks alone: no /joined, and a round of gossip once in a minute. */
const QUIET = {
  ticks: false,
  options: { directThreshold: 0, gossipInterval: 60_000 },
};

/** Peers that have told each other all they know. */
async function atRest(ids: readonly string[]) {
  const cloud = new TestCloud();
  const peers = await cloud.cloud(ids, QUIET);
  await cloud.clock.run(900_000);
  cloud.requests.length = 0;
  const [a, b, c] = peers as [TestPeer, TestPeer, TestPeer];
  return { cloud, a, b, c };
}

/** Lets one peer alone know of somebody. */
async function tellOnly(cloud: TestCloud, peer: TestPeer, id: string) {
  const { address } = cloud.fake(id, { status: { features: ['gossip'] } });
  const record: JsonObject = {
    id,
    ...address,
    data: {},
    features: ['gossip'],
    incarnation: 1,
    state: 'alive',
  };
  const [teller] = peer.core.members();
  await peer.core.receiveSync({ members: [record] }, teller!);
  return record;
}

const updatesIn = (body: JsonObject) =>
  (body.ext as { updates?: JsonObject[] } | undefined)?.updates ?? [];

/** After ringpop-common's piggyback tests. */
describe('news', () => {
  it('rides on a check', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    await tellOnly(cloud, a, 'x');
    await cloud.clock.complete(a.core.check('b'));
    expect(idsOf(b)).toContain('x');
    expect(cloud.to('b', 'status')).toHaveLength(1);
  });

  it('rides on the answer to a check', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    await tellOnly(cloud, b, 'x');
    await cloud.clock.complete(a.core.check('b'));
    expect(idsOf(a)).toContain('x');
    expect(cloud.to('a', 'status')).toEqual([]);
  });

  it('rides on the wish for an indirect check, and on the answer to it', async () => {
    const { cloud, a, b, c } = await atRest(['a', 'b', 'c']);
    cloud.network.links.part([a.address.ip], [b.address.ip]);
    await tellOnly(cloud, a, 'x');
    await tellOnly(cloud, c, 'y');
    expect(await cloud.clock.complete(a.core.check('b'))).toMatchObject({
      online: true,
    });
    const wishes = cloud
      .to('c', 'status')
      .filter(({ body }) => (body.ext as JsonObject).probe === 'b');
    expect(wishes).toHaveLength(1);
    expect(updatesIn(wishes[0]!.body).map(({ id }) => id)).toContain('x');
    expect(idsOf(c)).toContain('x');
    expect(idsOf(a)).toContain('y');
  });

  it('is told so many times, and not again', async () => {
    const { cloud, a } = await atRest(['a', 'b', 'c']);
    await tellOnly(cloud, a, 'x');
    const told: boolean[] = [];
    for (let times = 0; times < 20; times++) {
      cloud.requests.length = 0;
      await cloud.clock.complete(a.core.check('b'));
      const [check] = cloud.to('b', 'status');
      told.push(updatesIn(check!.body).some(({ id }) => id === 'x'));
    }
    expect(told.lastIndexOf(true)).toBe(11);
    expect(told.filter(Boolean)).toHaveLength(12);
  });

  it('that is known already is not passed on again', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    const record = await tellOnly(cloud, b, 'x');
    for (let times = 0; times < 20; times++) {
      await cloud.clock.complete(b.core.check('a'));
    }
    expect(idsOf(a)).toContain('x');
    const origin = { remoteAddress: a.address.ip, senderId: 'a' };
    await b.core.receiveStatus({ ext: { updates: [record] } }, origin);
    cloud.requests.length = 0;
    await cloud.clock.complete(b.core.check('c'));
    const [check] = cloud.to('c', 'status');
    expect(updatesIn(check!.body)).toEqual([]);
  });
});
