import { until } from '../support/until.js';
import { Cloud } from './cloud.js';
import {
  everyoneSeesEveryone,
  listsOf,
  type PeerProcess,
} from './peer-process.js';
import { settled } from './settled.js';

/** Seconds of looking on: an original checks one member in each, and ours follow what they see. */
const CHECK_PERIODS = 6;

describe('two of each kind in one cloud', { timeout: 180_000 }, () => {
  const cloud = new Cloud();
  let peers: PeerProcess[];

  beforeAll(async () => {
    const original1 = await cloud.start('original', 'original-1');
    const nest1 = await cloud.start('nest', 'nest-1', original1);
    const standalone1 = await cloud.start('standalone', 'standalone-1', nest1);
    const original2 = await cloud.start('original', 'original-2', standalone1);
    const nest2 = await cloud.start('own listener', 'nest-2', original2);
    const standalone2 = await cloud.start(
      'standalone',
      'standalone-2',
      original1,
    );
    peers = [original1, nest1, standalone1, original2, nest2, standalone2];
    await everyoneSeesEveryone(peers);
  }, 180_000);

  it('delivers messages in all directions', async () => {
    for (const from of peers) {
      for (const to of others(from)) {
        const body = { type: 'echo', text: `${from.name} to ${to.name}` };
        const reply = await settled(peers, () => from.send(to, body));
        expect(reply).toMatchObject({ value: { from: to.name, body } });
      }
    }
  });

  it('answers a broadcast of each peer in the same way', async () => {
    const body = { type: 'echo', text: 'to everybody' };
    for (const from of peers) {
      const replies = await settled(peers, () => from.broadcast(body));
      const sender = expect.objectContaining({ name: from.name }) as object;

      expect(replies.toSorted(byName)).toEqual(
        others(from)
          .map(({ name }) => ({ name, value: { from: name, sender, body } }))
          .toSorted(byName),
      );
    }
  });

  it('reports a refusal of each peer to each sender', async () => {
    for (const from of peers) {
      const replies = await settled(peers, () =>
        from.broadcast({ type: 'refuse', status: 409 }),
      );
      const statuses = replies.map(
        (reply) => 'status' in reply && reply.status,
      );

      expect(statuses).toEqual(others(from).map(() => 409));
    }
  });

  it('takes metadata, channels and several replies for what each peer has of them', async () => {
    const [original1, nest1, , original2, nest2] = peers as [
      PeerProcess,
      PeerProcess,
      PeerProcess,
      PeerProcess,
      PeerProcess,
    ];
    for (const original of [original1, original2]) {
      const body = { type: 'echo' };
      const extras = await nest1.extras(original, body);
      const reply = expect.objectContaining({ from: original.name, body });
      expect(extras).toEqual({
        withMetadata: reply,
        onChannel: 'none',
        replies: [reply],
      });
      // To the original every message is one, and every reply.
      const last = await settled(peers, () =>
        original.send(nest2, { type: 'count' }),
      );
      expect(last).toEqual({ value: { n: 2, from: 'nobody' } });
    }
    const extras = await nest1.extras(nest2, { type: 'count' });
    expect(extras).toEqual({
      withMetadata: { n: 2, from: 'nest-1' },
      onChannel: { at: 'nest-2' },
      replies: [
        { n: 1, from: 'nest-1' },
        { n: 2, from: 'nest-1' },
      ],
    });
  });

  it('lists nobody twice, also after a while', async () => {
    await everyoneSeesEveryone(peers);
    const twice = new Set<string>();
    const end = performance.now() + CHECK_PERIODS * 1000;
    await until(async () => {
      for (const { name, list } of await listsOf(peers)) {
        const again = list.filter((each, index) => list.indexOf(each) < index);
        for (const each of again) {
          twice.add(`${each} at ${name}`);
        }
      }
      return performance.now() > end;
    });
    expect([...twice]).toEqual([]);
  });

  function others(of: PeerProcess): PeerProcess[] {
    return peers.filter((peer) => peer !== of);
  }
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
