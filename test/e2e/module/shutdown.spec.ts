import { once } from 'node:events';
import { connect } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type AdapterName,
  type PeerApp,
  type Place,
} from './support/peer-app.js';
import { HesitantSeed } from './support/hesitant-seed.js';

afterEach(closePeers);

/** More than the system takes off a socket at once. */
const LARGE = 'x'.repeat(2_000_000);

/** Answers when the test lets it. */
@Injectable()
class Slow {
  asked = 0;
  release!: () => void;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  @OnPeerMessage()
  async answer(): Promise<{ done: true }> {
    this.asked++;
    await this.#released;
    return { done: true };
  }

  @OnPeerMessage('large')
  async answerAtLength(): Promise<{ text: string }> {
    await this.answer();
    return { text: LARGE };
  }
}

const WAYS: [AdapterName, Place][] = [
  ['express', 'mounted'],
  ['fastify', 'mounted'],
  ['express', 'own listener'],
  ['fastify', 'own listener'],
];

describe.each(WAYS)('shutdown on %s, %s', (adapter, place) => {
  it('tells the others first, and ends the requests under way', async () => {
    const leaving = await startPeer({ adapter, place, providers: [Slow] });
    const staying = await startPeer({ options: { peers: [leaving.address] } });
    await until(() => agree([leaving, staying]));
    const slow = leaving.app.get(Slow);
    const reply = staying.membership.peers()[0]!.send({ question: 1 });
    await until(() => slow.asked === 1);

    let closed = false;
    const closing = leaving.close().then(() => (closed = true));
    await until(() => staying.membership.peers().length === 0);
    expect(staying.events).toContainEqual(
      expect.objectContaining({ type: 'peer.left', reason: 'left' }),
    );
    expect(closed).toBe(false);

    slow.release();
    await expect(reply).resolves.toEqual({ done: true });
    await closing;
    await expect(
      fetch(`http://127.0.0.1:${leaving.port}/status`, { method: 'POST' }),
    ).rejects.toThrow();
  });

  it('is not over before its own messages have their replies', async () => {
    const staying = await startPeer({ adapter, place, providers: [Slow] });
    const leaving = await startPeer({
      adapter,
      place,
      options: { peers: [staying.address] },
    });
    await until(() => agree([leaving, staying]));
    const slow = staying.app.get(Slow);
    const reply = leaving.membership.peers()[0]!.send({ question: 1 });
    await until(() => slow.asked === 1);
    const closing = leaving.close();
    await until(() => staying.membership.peers().length === 0);
    slow.release();
    await expect(reply).resolves.toEqual({ done: true });
    await closing;
  });

  it('is not over before large replies are out', async () => {
    const leaving = await startPeer({ adapter, place, providers: [Slow] });
    const staying = await startPeer({ options: { peers: [leaving.address] } });
    await until(() => agree([leaving, staying]));
    const slow = leaving.app.get(Slow);
    const peer = staying.membership.peers()[0]!;
    const replies = Array.from({ length: 8 }, () =>
      peer.send({ type: 'large' }),
    );
    await until(() => slow.asked === replies.length);

    const closing = leaving.close();
    await until(() => staying.membership.peers().length === 0);
    slow.release();
    const texts = (await Promise.all(replies)) as { text: string }[];
    expect(texts.every(({ text }) => text === LARGE)).toBe(true);
    await closing;
  });
});

/** Never answers. */
@Injectable()
class Stuck {
  asked = 0;

  @OnPeerMessage()
  async answer(): Promise<never> {
    this.asked++;
    return new Promise(() => {});
  }
}

/** Long against the bound that the tests set: whoever waits for it has none. */
const LONG = 20_000;
const BOUND = 300;

describe.each(
  WAYS.flatMap(([adapter, place]) =>
    ([undefined, false] as const).map(
      (stream) => [adapter, place, stream] as const,
    ),
  ),
)('the bound of closing on %s, %s, stream: %s', (adapter, place, stream) => {
  const options = {
    shutdownTimeout: BOUND,
    messageTimeout: LONG,
    messaging: { stream },
  };

  /** Closes, and fails if that takes as long as what it must not wait for. */
  async function expectQuickEnd(peer: PeerApp): Promise<void> {
    const start = performance.now();
    await peer.close();
    expect(performance.now() - start).toBeLessThan(LONG / 2);
  }

  it('holds for handlers that never end', async () => {
    const leaving = await startPeer({
      adapter,
      place,
      providers: [Stuck],
      options,
    });
    const staying = await startPeer({
      options: { ...options, peers: [leaving.address] },
    });
    await until(() => agree([leaving, staying]));
    const reply = staying.membership.peers()[0]!.send({ question: 1 });
    const failed = expect(reply).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
    await until(() => leaving.app.get(Stuck).asked === 1);
    await expectQuickEnd(leaving);
    await failed;
  });

  it('holds for messages of its own that nobody answers', async () => {
    const staying = await startPeer({
      adapter,
      place,
      providers: [Stuck],
      options,
    });
    const leaving = await startPeer({
      adapter,
      place,
      options: { ...options, peers: [staying.address] },
    });
    await until(() => agree([leaving, staying]));
    const reply = leaving.membership.peers()[0]!.send({ question: 1 });
    const failed = expect(reply).rejects.toThrow();
    await until(() => staying.app.get(Stuck).asked === 1);
    await expectQuickEnd(leaving);
    await failed;
  });

  it('holds for bodies that do not come', async () => {
    const leaving = await startPeer({ adapter, place, options });
    const socket = connect(leaving.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'POST /status HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{',
    );
    await once(socket, 'connect');
    await (
      await fetch(`http://${leaving.address}/status`, { method: 'POST' })
    ).text();
    await expectQuickEnd(leaving);
  });
});

describe('an end at any moment', () => {
  it('closes an app that never listened', async () => {
    const peer = await startPeer({ place: 'worker' });
    await peer.close();
    expect(peer.events).toEqual([]);
  });

  it('closes while it is joining', async () => {
    const peer = await startPeer({
      options: { peers: ['127.0.0.1:1', '127.0.0.1:2'] },
    });
    await peer.close();
    expect(peer.membership.peers()).toEqual([]);
  });

  it.each(['leave', 'close'] as const)(
    '%s() while it is let in: the goodbye comes after the welcome',
    async (way) => {
      await using seed = await HesitantSeed.listen();
      const peer = await startPeer({ options: { peers: [seed.address] } });
      await until(() => seed.asked('/join') === 1);
      const ending =
        way === 'leave' ? peer.membership.leave() : peer.app.close();
      await until(async () => {
        const url = `http://${peer.address}/status`;
        const answer = await fetch(url, { method: 'POST' });
        return ((await answer.json()) as { online: boolean }).online === false;
      });
      expect(seed.asked('/left')).toBe(0);
      seed.decide();
      await ending;
      expect(seed.asked('/left')).toBe(1);
      expect(peer.membership.peers()).toEqual([]);
    },
  );

  it('leaves by hand, and stays out', async () => {
    const first = await startPeer();
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    await second.membership.leave();
    expect(second.membership.isJoined).toBe(false);
    await until(() => first.membership.peers().length === 0);
    expect(second.events.map(({ type }) => type)).toContain('cloud.left');
  });
});
