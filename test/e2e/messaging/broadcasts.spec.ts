import { Injectable } from '@nestjs/common';
import { type BroadcastResult, OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { RequestsSeen } from './support/requests-seen.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object) {
    return body;
  }
}

/** Answers when it is told to. */
@Injectable()
class Slow {
  release!: () => void;
  readonly #released = new Promise<void>((resolve) => (this.release = resolve));

  @OnPeerMessage()
  async wait() {
    await this.#released;
    return { late: true };
  }
}

const LANES = [
  ['/stream', {}],
  ['/message', { messaging: { stream: false as const } }],
] as const;

const seen = new RequestsSeen();
beforeEach(() => seen.start());
afterEach(async () => {
  await closePeers();
  seen.stop();
});

describe.each(LANES)('a broadcast by %s', (_, options) => {
  /** One that sends, two that answer at once, and one that takes its time. */
  async function startFour() {
    const sender = await startPeer({ options });
    const member = { ...options, peers: [sender.address] };
    const [slow, ...quick] = await Promise.all(
      [Slow, Echo, Echo].map((handler) =>
        startPeer({ providers: [handler], options: member }),
      ),
    );
    const all = [sender, slow!, ...quick];
    await until(() => agree(all));
    const { release } = slow!.app.get(Slow);
    const ids = quick.map(({ membership }) => membership.self.id).sort();
    return { messaging: sender.messaging, release, ids, slow: slow! };
  }

  /** Who has replied. */
  const idsOf = (results: readonly BroadcastResult[]) =>
    results
      .filter(({ error }) => !error)
      .map(({ peer }) => peer.id)
      .sort();

  it('gives each result when it comes, and the last one when that comes', async () => {
    const { messaging, release, ids, slow } = await startFour();
    const results: BroadcastResult[] = [];
    for await (const result of messaging.broadcast({ n: 1 })) {
      results.push(result);
      if (results.length === 2) {
        expect(idsOf(results)).toEqual(ids);
        release();
      }
    }
    expect(results).toHaveLength(3);
    expect(results[2]!.peer.id).toBe(slow.membership.self.id);
    expect(results[2]!.value).toEqual({ late: true });
  });

  it('goes to oneself too, and to some peers only, where that is asked for', async () => {
    const { messaging, release, ids } = await startFour();
    release();
    const everyone = await messaging.broadcast({ n: 1 }, { includeSelf: true });
    const [self] = everyone;
    expect(everyone).toHaveLength(4);
    expect(ids).not.toContain(self!.peer.id);
    expect(self!.value).toEqual({});
    const some = await messaging.broadcast(
      { n: 2 },
      { to: ({ id }) => ids.includes(id) },
    );
    expect(idsOf(some)).toEqual(ids);
    expect(
      await messaging.broadcast({}, { includeSelf: true, to: () => false }),
    ).toEqual([]);
    const channel = messaging.channel('c');
    channel.handle(() => ({ here: true }));
    const here = await channel.broadcast({}, { includeSelf: true }).take(4);
    expect(here.map(({ peer }) => peer.id)).toEqual([self!.peer.id]);
  });

  it('does not wait for more than are asked for', async () => {
    const { messaging, release, ids } = await startFour();
    const broadcast = messaging.broadcast({ n: 1 });
    expect(idsOf(await broadcast.take(2))).toEqual(ids);
    expect(idsOf(await broadcast.quorum(2))).toEqual(ids);
    const three = broadcast.quorum(3);
    release();
    expect(await three).toHaveLength(3);
  });

  it('is over at its deadline, for each way of waiting', async () => {
    const { messaging, release, ids, slow } = await startFour();
    // Nobody has to open a stream within the deadline.
    await messaging.broadcast({ n: 0 }).take(2);
    const broadcast = messaging.broadcast({ n: 1 }, { timeout: 3000 });
    const results: BroadcastResult[] = [];
    for await (const result of broadcast) {
      results.push(result);
    }
    expect(idsOf(results.slice(0, 2))).toEqual(ids);
    expect(results[2]).toMatchObject({
      peer: { id: slow.membership.self.id },
      error: { code: 'TIMEOUT' },
    });
    expect(idsOf(await broadcast.take(3))).toEqual(ids);
    await expect(broadcast.quorum(3)).rejects.toMatchObject({
      code: 'NO_QUORUM',
    });
    release();
  });
});

it.each(LANES)(
  'a broadcast by %s serialises its body once for all peers',
  async (path, options) => {
    const sender = await startPeer({ options });
    const receivers = await Promise.all(
      [1, 2, 3].map(() =>
        startPeer({
          providers: [Echo],
          options: { ...options, peers: [sender.address] },
        }),
      ),
    );
    await until(() => agree([sender, ...receivers]));
    const toJSON = vi.fn(() => ({ text: 'hi' }));
    const results = await sender.messaging.broadcast({ toJSON });
    const values = results.map((result) => 'value' in result && result.value);
    expect(values).toEqual(receivers.map(() => ({ text: 'hi' })));
    expect(receivers.map((each) => seen.of(path, sender, each))).toEqual(
      receivers.map(() => 1),
    );
    expect(toJSON).toHaveBeenCalledTimes(1);
  },
);
