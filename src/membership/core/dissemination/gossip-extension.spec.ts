import type { JsonObject } from '../../../wire/json.js';
import type { CoreContext } from '../context.js';
import { makeRecord } from '../member-list/index.js';
import {
  MAX_GOSSIP_BYTES,
  resolveMembershipOptions,
} from '../options/membership.options.js';
import {
  TestCloud,
  idsOf,
  type TestPeer,
} from '../testing-support/test-cloud.js';
import { GossipExtension, readUpdate } from './gossip-extension.js';
import { GossipQueue } from './gossip-queue.js';

const target = makeRecord(
  { id: 'b', ip: '10.0.0.2', port: 1, data: {}, features: ['gossip'] },
  'alive',
);

/** With 30 updates of 3 KB each: more than a body has room for. */
function full(): GossipExtension {
  const queue = new GossipQueue(100);
  for (let n = 0; n < 30; n++) {
    queue.add(`x${n}`, { id: `x${n}`, data: 'x'.repeat(3000) }, true);
  }
  const list = { digest: { text: 'x'.repeat(64) }, size: 100, peek: () => {} };
  const options = resolveMembershipOptions();
  return new GossipExtension(
    { options, list } as unknown as CoreContext,
    queue,
  );
}

describe('GossipExtension', () => {
  it.each([
    ['nothing else', {}, 21],
    ['32 repairs', { repairs: Array<string>(32).fill('y'.repeat(600)) }, 14],
  ])(
    'keeps to 64 KiB a body that asks %s, and fills it',
    (_, extra, updates) => {
      const ext = full().request(target, [], extra) as JsonObject;
      expect(ext).toMatchObject(extra);
      expect(ext.updates).toHaveLength(updates);
      const bytes = Buffer.byteLength(JSON.stringify({ ext }));
      expect(bytes).toBeLessThanOrEqual(MAX_GOSSIP_BYTES);
      expect(bytes).toBeGreaterThan(MAX_GOSSIP_BYTES - 4 * 1024);
    },
  );
});

/** Updates ride on checks alone: no /joined, and a round of gossip once in a minute. */
const QUIET = {
  ticks: false,
  options: { directThreshold: 0, gossipInterval: 60_000 },
};

/** Peers that know all that the others know. */
async function atRest(ids: readonly string[]) {
  const cloud = new TestCloud();
  const peers = await cloud.cloud(ids, QUIET);
  await cloud.clock.run(900_000);
  cloud.requests.length = 0;
  const [a, b, c] = peers as [TestPeer, TestPeer, TestPeer];
  return { cloud, a, b, c };
}

/** Lets one peer alone know of another one. */
async function letKnow(cloud: TestCloud, peer: TestPeer, id: string) {
  const { address } = cloud.fake(id, { status: { features: ['gossip'] } });
  const record: JsonObject = {
    id,
    ...address,
    data: {},
    features: ['gossip'],
    incarnation: 1,
    state: 'alive',
  };
  const [sender] = peer.core.members();
  await peer.core.receiveSync({ members: [record] }, sender!);
  return record;
}

const updatesIn = (body: JsonObject) =>
  (body.ext as { updates?: JsonObject[] } | undefined)?.updates ?? [];

/** After ringpop-common's piggyback tests. */
describe('an update', () => {
  it('rides on a check', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    await letKnow(cloud, a, 'x');
    await cloud.clock.complete(a.core.check('b'));
    expect(idsOf(b)).toContain('x');
    expect(cloud.to('b', 'status')).toHaveLength(1);
  });

  it('rides on the answer to a check', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    await letKnow(cloud, b, 'x');
    await cloud.clock.complete(a.core.check('b'));
    expect(idsOf(a)).toContain('x');
    expect(cloud.to('a', 'status')).toEqual([]);
  });

  it('rides on the request for an indirect check, and on the answer to it', async () => {
    const { cloud, a, b, c } = await atRest(['a', 'b', 'c']);
    cloud.network.links.part([a.address.ip], [b.address.ip]);
    await letKnow(cloud, a, 'x');
    await letKnow(cloud, c, 'y');
    expect(await cloud.clock.complete(a.core.check('b'))).toMatchObject({
      online: true,
    });
    const requests = cloud
      .to('c', 'status')
      .filter(({ body }) => (body.ext as JsonObject).probe === 'b');
    expect(requests).toHaveLength(1);
    expect(updatesIn(requests[0]!.body).map(({ id }) => id)).toContain('x');
    expect(idsOf(c)).toContain('x');
    expect(idsOf(a)).toContain('y');
  });

  it('is sent so many times, and not again', async () => {
    const { cloud, a } = await atRest(['a', 'b', 'c']);
    await letKnow(cloud, a, 'x');
    const sent: boolean[] = [];
    for (let times = 0; times < 20; times++) {
      cloud.requests.length = 0;
      await cloud.clock.complete(a.core.check('b'));
      const [check] = cloud.to('b', 'status');
      sent.push(updatesIn(check!.body).some(({ id }) => id === 'x'));
    }
    expect(sent.lastIndexOf(true)).toBe(11);
    expect(sent.filter(Boolean)).toHaveLength(12);
  });

  it('that is known already is not passed on again', async () => {
    const { cloud, a, b } = await atRest(['a', 'b', 'c']);
    const record = await letKnow(cloud, b, 'x');
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

const LIMIT = 1000;
const PEER = { id: 'a', ip: '10.0.0.1', port: 9338, data: { n: 1 } };

describe('readUpdate', () => {
  it('reads records and states', () => {
    expect(readUpdate({ ...PEER, state: 'alive', told: true }, LIMIT)).toEqual({
      kind: 'record',
      info: PEER,
      legacyNotified: true,
    });
    expect(
      readUpdate({ id: 'a', incarnation: 3, state: 'suspect', by: 'b' }, LIMIT),
    ).toEqual({
      kind: 'state',
      state: { id: 'a', incarnation: 3, state: 'suspect' },
      by: 'b',
    });
  });

  it.each([
    ['no object', 1],
    ['no state', PEER],
    ['an unknown state', { ...PEER, state: 'asleep' }],
    ['a state without incarnation', { id: 'a', state: 'dead' }],
    ['a state without id', { incarnation: 1, state: 'dead' }],
    ['a record without address', { id: 'a', state: 'alive' }],
  ])('refuses %s', (_, value) => {
    expect(readUpdate(value, LIMIT)).toBeUndefined();
  });
});
