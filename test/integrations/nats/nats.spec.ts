import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  NatsError,
  natsTransport,
} from '../../../src/integrations/nats/index.js';
import { OnPeerMessage, PeerBody, PeerMetadata } from '../../../src/index.js';
import { peercloud } from '../../../src/standalone/index.js';
import {
  agree,
  closePeers,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { describeWith, NATS } from '../../support/services.js';
import { until } from '../../support/until.js';
import { Outsider, startOnNats } from './nats-peer.js';

@Injectable()
class Echo {
  @OnPeerMessage({ pattern: 'echo' })
  echo(@PeerBody() body: object, @PeerMetadata() metadata: object) {
    return { ...body, metadata };
  }

  @OnPeerMessage({ pattern: 'count' })
  async *count(@PeerBody('to') to: number) {
    for (let n = 1; n <= to; n++) {
      yield await Promise.resolve({ n });
    }
  }
}

const SECRET = { secret: 'sixteen characters at the least' };

/** Subjects of every cloud. */
const EVERYTHING = 'peercloud.>';

await describeWith([NATS], 'a cloud on NATS', () => {
  let cloud: string;
  let outsider: Outsider;
  beforeEach(async () => {
    cloud = `shop no. 1 *> ${randomUUID()}`;
    outsider = await Outsider.listen(EVERYTHING);
  });
  afterEach(async () => {
    await closePeers();
    await outsider.close();
  });

  const start = (options = {}) =>
    startOnNats({ cloud, ...options }, { providers: [Echo] });

  /** Subjects that were used for this cloud, after its name. */
  const subjects = () => {
    const name = encodeURIComponent(cloud.slice(-36));
    return outsider.seen
      .map(({ subject }) => subject.split('.'))
      .filter((parts) => parts[1]!.endsWith(name))
      .map((parts) => parts.slice(2).join('.'));
  };

  it('has the standalone form as well, and says goodbye', async () => {
    const open = await Promise.all(
      ['a', 'b'].map((name) =>
        peercloud({
          cloud,
          transport: natsTransport(),
          data: { name },
          signals: false,
          onMessage: (_, body) => ({ by: name, body }),
        }),
      ),
    );
    const [a, b] = open as [(typeof open)[0], (typeof open)[0]];
    await until(() => open.every((client) => client.peers().length === 1));
    expect(await a.peers()[0]!.send({ n: 1 })).toEqual({
      by: 'b',
      body: { n: 1 },
    });
    await a.close();
    await until(() => b.peers().length === 0);
    await b.close();
  });

  it('sends a broadcast once, whatever the number of its peers', async () => {
    const peers = await Promise.all([start(), start(), start(), start()]);
    await until(() => agree(peers));
    const [sender] = peers;
    const results = await sender!.messaging.broadcast(
      { pattern: 'echo', n: 1 },
      { metadata: { trace: 'é' }, includeSelf: true },
    );
    expect(results.map(({ value }) => value)).toEqual(
      peers.map(() => ({ pattern: 'echo', n: 1, metadata: { trace: 'é' } })),
    );
    const broadcasts = () => subjects().filter((subject) => subject === 'all');
    // Who listens to all subjects may hear of it later than the peers.
    await until(() => broadcasts().length > 0);
    expect(broadcasts()).toHaveLength(1);
  });

  it('has streams of replies, and bodies larger than the server takes at once', async () => {
    const limits = { maxMessageBytes: 8 * 1024 * 1024 };
    const [a, b] = await Promise.all([start(limits), start(limits)]);
    await until(() => agree([a, b]));
    const { id } = b.membership.self;
    const text = 'x'.repeat(3 * 1024 * 1024);
    expect(await a.messaging.send(id, { pattern: 'echo', text })).toMatchObject(
      { text },
    );
    const seen: unknown[] = [];
    for await (const reply of a.messaging.stream(id, {
      pattern: 'count',
      to: 100,
    })) {
      seen.push(reply);
    }
    expect(seen).toHaveLength(100);
    expect(a.messaging.lane(id)).toMatchObject({ kind: 'stream' });
  });

  it('says clearly that a body is too large for /message', async () => {
    const limits = {
      maxMessageBytes: 8 * 1024 * 1024,
      messaging: { stream: false as const },
    };
    const [a, b] = await Promise.all([start(limits), start(limits)]);
    await until(() => agree([a, b]));
    const { id } = b.membership.self;
    const text = 'x'.repeat(3 * 1024 * 1024);
    await expect(
      a.messaging.send(id, { pattern: 'echo', text }),
    ).rejects.toMatchObject({
      code: 'UNREACHABLE',
      cause: { message: expect.stringContaining('max_payload') },
    });
    expect(await a.messaging.send(id, { pattern: 'echo', n: 2 })).toMatchObject(
      { n: 2 },
    );
  });

  it('hands over a list that is larger than the server takes at once', async () => {
    const options = {
      data: { text: 'x'.repeat(250_000) },
      limits: { maxDataBytes: 256 * 1024 },
    };
    const first: PeerApp[] = [];
    for (let made = 0; made < 6; made++) {
      first.push(await start(options));
    }
    const late = await start({ limits: options.limits });
    await until(() => agree([...first, late]));
  });

  it('is signed from end to end', async () => {
    // The first second after a start cannot be told from the time before it.
    const security = { ...SECRET, clockSkew: 0 };
    const peers = await Promise.all([1, 2, 3].map(() => start({ security })));
    await until(() => agree(peers));
    const [sender] = peers;
    const ask = async () => {
      const results = await sender!.messaging.broadcast({ pattern: 'echo' });
      expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
      return subjects();
    };
    expect((await ask()).filter((subject) => subject === 'all')).toHaveLength(
      1,
    );
    // Both at once, when they have been there for long enough.
    await until(async () => {
      const before = outsider.refusals().length;
      await ask();
      return outsider.refusals().length === before;
    });
    const stranger = await start({ security: { secret: 'another one of 16' } });
    await until(() => outsider.of(/\.q\.join$/).length > 3);
    expect(stranger.membership.peers()).toEqual([]);
    expect(agree(peers)).toBe(true);
  });

  it('does not start without a server, and says why', async () => {
    const transport = natsTransport({ servers: '127.0.0.1:1', timeout: 500 });
    const starting = startOnNats({ cloud, transport });
    await expect(starting).rejects.toThrow(NatsError);
    await expect(starting).rejects.toThrow('127.0.0.1:1');
  });

  it('takes no option of HTTP', async () => {
    await expect(start({ listener: { port: 0 } })).rejects.toThrow(
      'listener: ',
    );
    await expect(start({ transport: {} })).rejects.toThrow('natsTransport(');
  });
});
