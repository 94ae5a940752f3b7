import { ConflictException, Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PeerBody,
  PeerMetadata,
  type JsonValue,
  type PeerCloudOptions,
} from '../../src/index.js';
import {
  agree,
  checkUntil,
  closePeers,
  type PeerApp,
} from '../e2e/module/support/peer-app.js';
import { describeWith } from '../support/services.js';
import { until } from '../support/until.js';
import { NETWORKS } from './networks.js';

/** What every transport has to keep (docs/transports.md). */

@Injectable()
class Handlers {
  readonly seen: unknown[] = [];
  produced = 0;
  ended = 0;

  @OnPeerMessage({ type: 'echo' })
  echo(@PeerBody() body: object, @PeerMetadata() metadata: object) {
    this.seen.push(body);
    return { body, metadata };
  }

  @OnPeerMessage({ type: 'refuse' })
  refuse() {
    throw new ConflictException({ why: 'taken' });
  }

  @OnPeerMessage({ type: 'wait' })
  wait() {
    this.seen.push('wait');
    return new Promise(() => {});
  }

  @OnPeerMessage({ type: 'many' })
  async *many(@PeerBody('count') count: number) {
    try {
      for (let n = 0; n < count; n++) {
        this.produced = n + 1;
        yield await Promise.resolve({ n, text: 'x'.repeat(1000) });
      }
    } finally {
      this.ended++;
    }
  }
}

const LARGE = 3 * 1024 * 1024;

const OPTIONS: PeerCloudOptions = {
  maxMessageBytes: 2 * LARGE,
  membership: { profile: 'local' },
  // Handlers that never end hold nobody up.
  shutdownTimeout: 200,
};

for (const [name, services, makeNetwork] of NETWORKS) {
  await describeWith(services, `on ${name}, a cloud`, () => {
    afterEach(closePeers);

    const startCloud = async (
      count: number,
      options: PeerCloudOptions = {},
    ) => {
      const network = makeNetwork();
      const peers: PeerApp[] = [];
      for (let made = 0; made < count; made++) {
        const data = { number: made };
        const all = { ...OPTIONS, data, ...options };
        peers.push(await network.start(all, [Handlers]));
      }
      await until(() => agree(peers));
      return { network, peers };
    };
    const handlersOf = ({ app }: PeerApp) =>
      app.get(Handlers, { strict: false });
    const idOf = ({ membership }: PeerApp) => membership.self.id;

    it('has one list, tells of changes, and of who leaves', async () => {
      const { peers } = await startCloud(3);
      const [a, b, c] = peers as [PeerApp, PeerApp, PeerApp];
      await b.membership.update({ changed: true });
      await until(() => a.membership.get(idOf(b))!.data['changed'] === true);
      const gone = idOf(c);
      await c.close();
      await until(() => agree([a, b]));
      expect(a.events).toContainEqual(
        expect.objectContaining({
          type: 'peer.left',
          reason: 'left',
          peer: expect.objectContaining({ id: gone }),
        }),
      );
    });

    it('carries messages, their metadata, and what handlers make of them', async () => {
      const { peers } = await startCloud(2);
      const [a, b] = peers as [PeerApp, PeerApp];
      const text = 'é'.repeat(10);
      const body = { type: 'echo', text };
      expect(
        await a.messaging.send(idOf(b), body, { metadata: { tenant: text } }),
      ).toEqual({ body, metadata: { tenant: text } });
      await expect(
        a.messaging.send(idOf(b), { type: 'refuse' }),
      ).rejects.toMatchObject({ status: 409, payload: { why: 'taken' } });
      await expect(
        a.messaging.send(idOf(b), { type: 'unknown' }),
      ).rejects.toMatchObject({ code: 'NO_HANDLER' });
    });

    it('carries what is large, both ways', async () => {
      const { peers } = await startCloud(2);
      const [a, b] = peers as [PeerApp, PeerApp];
      const body = { type: 'echo', text: 'x'.repeat(LARGE) };
      const reply = await a.messaging.send<{ body: JsonValue }>(idOf(b), body);
      expect(reply.body).toEqual(body);
    });

    it('handles each of many messages once', async () => {
      const { peers } = await startCloud(2);
      const [a, b] = peers as [PeerApp, PeerApp];
      const numbers = Array.from({ length: 500 }, (_, n) => n);
      await Promise.all(
        numbers.map((n) => a.messaging.send(idOf(b), { type: 'echo', n })),
      );
      const seen = handlersOf(b).seen as { n: number }[];
      expect(seen.map(({ n }) => n).sort((x, y) => x - y)).toEqual(numbers);
    });

    it('has a result for each member of a broadcast', async () => {
      const { peers } = await startCloud(4);
      const [a, ...others] = peers as [PeerApp, ...PeerApp[]];
      const results = await a.messaging.broadcast({ type: 'echo', n: 1 });
      expect(results.map(({ peer }) => peer.id).sort()).toEqual(
        others.map(idOf).sort(),
      );
      expect(results.map(({ error }) => error)).toEqual(
        others.map(() => undefined),
      );
      expect(others.map((other) => handlersOf(other).seen.length)).toEqual(
        others.map(() => 1),
      );
    });

    it('sends replies as fast as they are read, until the reader leaves', async () => {
      const { peers } = await startCloud(2);
      const [a, b] = peers as [PeerApp, PeerApp];
      const many = { type: 'many', count: 100_000 };
      const handlers = handlersOf(b);
      for await (const reply of a.messaging.stream<{ n: number }>(
        idOf(b),
        many,
      )) {
        if (reply.n === 10) {
          break;
        }
      }
      await until(() => handlers.ended === 1);
      expect(handlers.produced).toBeLessThan(many.count);
    });

    it('keeps the deadlines and the signals of who sends', async () => {
      const { peers } = await startCloud(2);
      const [a, b] = peers as [PeerApp, PeerApp];
      await expect(
        a.messaging.send(idOf(b), { type: 'wait' }, { timeout: 50 }),
      ).rejects.toMatchObject({ code: 'TIMEOUT' });
      const caller = new AbortController();
      const sent = a.messaging.send(
        idOf(b),
        { type: 'wait' },
        { signal: caller.signal },
      );
      const isAborted = expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
      await until(() => handlersOf(b).seen.length > 0);
      caller.abort();
      await isAborted;
    });

    it('settles what waits for a member that dies, and takes it off the list', async () => {
      const { network, peers } = await startCloud(3);
      const [a, b, c] = peers as [PeerApp, PeerApp, PeerApp];
      const one = a.messaging.send(idOf(c), { type: 'wait' });
      const isLost = expect(one).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
      });
      const all = a.messaging.broadcast({ type: 'wait' }, { timeout: 15_000 });
      const first = (async () => {
        for await (const result of all) {
          return result;
        }
      })();
      await until(() => handlersOf(c).seen.length === 2);
      await network.kill(c);
      await checkUntil(a, () => agree([a, b]));
      await isLost;
      expect(await first).toMatchObject({
        peer: { id: idOf(c) },
        error: { code: 'CONNECTION_LOST' },
      });
    });

    it('that is signed believes nobody without the secret', async () => {
      const security = { secret: 'sixteen characters at the least' };
      const { network, peers } = await startCloud(2, { security });
      const [a, b] = peers as [PeerApp, PeerApp];
      const other = { secret: 'another one with sixteen characters' };
      const strangers = await Promise.all(
        [{ security: other }, {}].map((options) =>
          network.start({ ...OPTIONS, ...options }, [Handlers]),
        ),
      );
      await Promise.all(
        strangers.map(({ membership }) => membership.whenJoined()),
      );
      expect(strangers.map(({ membership }) => membership.peers())).toEqual([
        [],
        [],
      ]);
      expect(agree([a, b])).toBe(true);
      const results = await a.messaging.broadcast({ type: 'echo' });
      expect(results.map(({ error }) => error)).toEqual([undefined]);
    });
  });
}
