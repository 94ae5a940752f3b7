import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import {
  BroadcastError,
  type ClientEventMap,
  type PeerCloudClient,
  peercloud,
  type StandaloneOptions,
} from '../../../src/standalone/index.js';
import { freePort } from '../../../demo/free-port.js';
import { until } from '../../support/until.js';

describe('peercloud()', { timeout: 120_000 }, () => {
  const clients: PeerCloudClient[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  async function start(
    options: StandaloneOptions = {},
    ...seeds: PeerCloudClient[]
  ): Promise<PeerCloudClient> {
    const client = await peercloud({
      port: await freePort(),
      host: '127.0.0.1',
      peers: seeds.map(({ self }) => `127.0.0.1:${self.port}`),
      signals: false,
      logger: false,
      ...options,
    });
    clients.push(client);
    return client;
  }

  /** Two peers that see each other. */
  async function two(
    first: StandaloneOptions = {},
    second: StandaloneOptions = {},
  ): Promise<[PeerCloudClient, PeerCloudClient]> {
    const one = await start({ data: { name: 'one' }, ...first });
    const other = await start({ data: { name: 'two' }, ...second }, one);
    await until(() => one.peers().length === 1 && other.peers().length === 1);
    return [one, other];
  }

  it('resolves to a client, and tells the callback', async () => {
    const callback = vi.fn();
    const client = await peercloud(
      { port: await freePort(), signals: false, logger: false },
      callback,
    );
    clients.push(client);
    await until(() => callback.mock.calls.length > 0);
    expect(callback.mock.calls).toEqual([[null, client]]);
    expect(client.peers()).toEqual([]);
    expect(await client.send({ nobody: 'hears' })).toEqual([]);
  });

  it('joins the peers that it knows, and shows their data', async () => {
    const when = new Date();
    const [one, other] = await two({
      data: { name: 'one', when: when as never },
    });
    expect(other.peers()).toMatchObject([
      { id: one.self.id, data: { name: 'one', when: when.toISOString() } },
    ]);
    expect(JSON.parse(JSON.stringify(one.peers()))).toEqual([
      { id: other.self.id, data: { name: 'two' } },
    ]);
  });

  describe('the port', () => {
    const patience = { timeout: 90_000 };
    let busy: Server | undefined;

    afterEach(() => busy?.close());

    async function takePort(port: number, host: string): Promise<number> {
      busy = createServer().listen(port, host);
      await once(busy, 'listening');
      return (busy.address() as AddressInfo).port;
    }

    /**
     * Port 9338 of 127.0.0.1 is everybody's: this address is one of this test alone. Only a program that
     * has the port of all addresses, as the original's example does, can be in the way for a while.
     */
    function ownHost(): string {
      return `127.${[1, 2, 3].map(() => randomInt(1, 255)).join('.')}`;
    }

    it('is the one that was given, as a string too', async () => {
      const port = await freePort();
      const client = await start({ port: String(port) });
      expect(client.self.port).toBe(port);
    });

    it('is an error when it was given and is taken', async () => {
      const port = await takePort(0, '127.0.0.1');
      const callback = vi.fn();
      await expect(
        peercloud(
          { port, host: '127.0.0.1', logger: false, signals: false },
          callback,
        ),
      ).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: `port ${port} is taken: give another one, or 0 for any`,
      });
      await until(() => callback.mock.calls.length > 0);
      expect(callback.mock.calls[0]?.[0]).toBeInstanceOf(Error);
    });

    it.each([0, '0', undefined])(
      'is a free one when 9338 is taken (%j)',
      async (port) => {
        const host = ownHost();
        await until(() => takePort(9338, host), patience);
        const client = await start({ port, host });
        expect(client.self.port).toBeGreaterThan(0);
        expect(client.self.port).not.toBe(9338);
      },
    );

    it.each([0, '0', undefined])(
      'is 9338 when that is free (%j)',
      async (port) => {
        const host = ownHost();
        await until(() => takePort(9338, host), patience);
        await new Promise((resolve) => busy?.close(resolve));
        const client = await start({ port, host });
        expect(client.self.port).toBe(9338);
      },
    );
  });

  describe('a wrong option', () => {
    it('rejects, and is the error of the callback', async () => {
      const callback = vi.fn();
      await expect(
        peercloud({ peers: ['localhost:99999'], logger: false }, callback),
      ).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(
          'peers[0]: "localhost:99999"',
        ) as string,
      });
      await until(() => callback.mock.calls.length > 0);
      expect(callback.mock.calls[0]?.[0]).toMatchObject({
        code: 'INVALID_OPTION',
      });
    });
  });

  describe('messages', () => {
    it('reach onmessage with data and body, and the reply comes back', async () => {
      const [one, other] = await two({
        onmessage: (peer, body, reply) => reply(null, { peer, body }),
      });
      const expected = { peer: { name: 'two' }, body: { text: 'hi' } };
      const [peer] = other.peers();

      expect(await peer!.send({ text: 'hi' })).toEqual(expected);
      expect(await other.send({ text: 'hi' })).toEqual([
        { peer: { name: 'one' }, value: expected },
      ]);
      expect(await one.send({ text: 'hi' })).toEqual([
        { peer: { name: 'two' }, value: {} },
      ]);
    });

    it('have callbacks', async () => {
      const [, other] = await two({ onMessage: (_peer, body) => body });
      const toPeer = vi.fn();
      const toAll = vi.fn();
      void other.peers()[0]!.send({ n: 1 }, toPeer);
      void other.send({ n: 2 }, toAll);
      await until(() => toPeer.mock.calls.length && toAll.mock.calls.length);

      expect(toPeer.mock.calls).toEqual([[null, { n: 1 }]]);
      expect(toAll.mock.calls).toEqual([
        [null, [{ peer: { name: 'one' }, value: { n: 2 } }]],
      ]);
    });

    it('can be empty, and go without a callback', async () => {
      const [, other] = await two({ onMessage: (_peer, body) => ({ body }) });
      expect(await other.peers()[0]!.send()).toEqual({ body: {} });
      const callback = vi.fn();
      void other.send(callback);
      await until(() => callback.mock.calls.length > 0);
      expect(callback.mock.calls[0]?.[1]).toMatchObject([
        { value: { body: {} } },
      ]);
    });

    it('that fail are errors of the callback and of the promise', async () => {
      const [one, other] = await two({
        onmessage: (_peer, _body, reply) =>
          reply(Object.assign(new Error('closed'), { status: 409 })),
      });
      const third = await start({ data: { name: 'three' } }, one);
      await until(() => other.peers().length === 2);
      const callback = vi.fn();
      const failure = await other
        .send({ text: 'hi' }, callback)
        .catch((error: unknown) => error);
      await until(() => callback.mock.calls.length > 0);

      expect(failure).toBeInstanceOf(BroadcastError);
      const { results } = failure as BroadcastError;
      expect(callback.mock.calls[0]?.[0]).toBe(results);
      expect(results).toHaveLength(2);
      expect(results).toContainEqual({
        peer: { name: 'one' },
        error: expect.objectContaining({
          code: 'BAD_STATUS',
          status: 409,
          payload: { statusCode: 409, message: 'closed' },
        }) as Error,
      });
      expect(results).toContainEqual({ peer: { name: 'three' }, value: {} });
      expect(third.peers()).toHaveLength(2);
    });

    it('that fail unseen raise nothing', async () => {
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      try {
        const [, other] = await two({
          onmessage: (_peer, _body, reply) => reply('no'),
        });
        let failed = 0;
        other.on('message.failed', () => failed++);
        void other.send({ ignored: true });
        void other.peers()[0]!.send({ ignored: true });
        await until(() => failed === 2);
        await new Promise((resolve) => setImmediate(resolve));
        expect(unhandled).not.toHaveBeenCalled();
      } finally {
        process.off('unhandledRejection', unhandled);
      }
    });
  });

  it('updates its data everywhere', async () => {
    const [one, other] = await two();
    const updated = vi.fn();
    one.on('peer.updated', updated);
    await other.update({ name: 'new' });
    await until(() => updated.mock.calls.length > 0);

    expect(one.peers()[0]!.data).toEqual({ name: 'new' });
    expect(other.self.data).toEqual({ name: 'new' });
    expect(updated.mock.calls[0]?.[0]).toMatchObject({
      type: 'peer.updated',
      peer: { data: { name: 'new' } },
      previous: { name: 'two' },
    });
  });

  it('has the events of the cloud and of its messages', async () => {
    const one = await start({ data: { name: 'one' }, onMessage: () => 'ok' });
    const seen: ClientEventMap[keyof ClientEventMap][] = [];
    const note = (event: (typeof seen)[number]) => void seen.push(event);
    const names = [
      'cloud.joined',
      'peer.joined',
      'message.received',
      'message.sent',
      'peer.left',
      'cloud.left',
    ] as const;
    names.forEach((name) => one.on(name, note));
    const other = await start({ data: { name: 'two' } }, one);
    await other.send({ n: 1 });
    await one.send({ n: 2 });
    await other.close();
    await until(() => seen.some(({ type }) => type === 'cloud.left'));

    const peer = { data: { name: 'two' } };
    const of = (type: string) => seen.filter((event) => event.type === type);
    expect(of('cloud.joined')).toHaveLength(1);
    expect(of('peer.joined')).toMatchObject([{ peer }]);
    expect(of('message.received')).toMatchObject([{ peer, body: { n: 1 } }]);
    expect(of('message.sent')).toMatchObject([{ peer, body: { n: 2 } }]);
    expect(of('peer.left')).toMatchObject([{ peer, reason: 'left' }]);
    expect(of('cloud.left')).toHaveLength(1);

    one.off('peer.joined', note);
    await start({}, one);
    await until(() => of('cloud.joined').length === 2);
    expect(of('peer.joined')).toHaveLength(1);
  });

  it('closes once, however often it is asked, and says goodbye', async () => {
    const [one, other] = await two();
    const callback = vi.fn();
    await Promise.all([other.close(callback), other.close(), other.close()]);
    await until(() => callback.mock.calls.length > 0);
    expect(callback.mock.calls).toEqual([[null, undefined]]);
    await until(() => one.peers().length === 0);

    const again = await start({ port: other.self.port });
    expect(again.self.port).toBe(other.self.port);
  });
});
