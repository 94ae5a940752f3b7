import { FEATURES } from '../../../src/wire/endpoints.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { until } from '../../support/until.js';
import {
  createProtocolApp,
  SELF_ID,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';
import { objectOf } from './support/scripted-transport.js';

const SEED = { ip: '127.0.0.1', port: 4100 };
const SEED_ADDRESS = '127.0.0.1:4100';

/** What the seed answers to `/join`, as the original does. */
const joined = (peers: JsonObject[] = []) => ({
  status: 200,
  body: {
    status: 'joined',
    id: SELF_ID,
    ip: '127.0.0.1',
    port: 9338,
    self: { id: 'seed', data: {}, cloud: 'blue' },
    peers,
  },
});

/** PROTOCOL.md, section 2: whom a peer lets in, and what it makes of a new address. */
describe.each(WAYS)('joining, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  beforeEach(async () => {
    peer = await createProtocolApp({
      ...way,
      options: { cloud: 'blue', ip: '127.0.0.1' },
    });
  });

  afterEach(() => peer.close());

  const join = (body: JsonObject) =>
    peer.post('/join', { cloud: 'blue', ...body });

  const member = (id: string, port: number) =>
    peer.join(id, port, { cloud: 'blue' });

  it('takes the id that the joiner’s /status names, where /join names none', async () => {
    peer.transport.answer('127.0.0.1:4001', 'named-by-status');
    const answer = await join({ port: 4001 });
    expect(answer.body).toMatchObject({
      status: 'joined',
      id: 'named-by-status',
    });
    expect(peer.core.get('named-by-status')).toMatchObject({ port: 4001 });
  });

  it('makes a UUID for a joiner that nobody names', async () => {
    peer.transport.script('127.0.0.1:4001', 'status', () =>
      Promise.resolve({ status: 200, body: { online: true } }),
    );
    const answer = await join({ port: 4001 });
    const { id } = objectOf(answer.body);
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-/);
    expect(peer.core.get(id as string)).toMatchObject({ port: 4001 });
  });

  it.each([{ cloud: 'red' }, {}])(
    'refuses a peer of another cloud, or of none: %o',
    async (other) => {
      peer.transport.answer('127.0.0.1:4001', 'member-a');
      const body = { id: 'member-a', port: 4001, ...other };
      const answer = await peer.post('/join', body);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        status: 'rejected',
        error: { code: 'WRONG_CLOUD', message: expect.any(String) },
      });
      expect(peer.core.members()).toEqual([]);
      expect(peer.transport.bodiesTo('127.0.0.1:4001', 'status')).toEqual([]);
    },
  );

  it('tells its own address to a joiner with features, and to no other', async () => {
    peer.transport.answer('127.0.0.1:4001', 'with-features');
    const ours = await join({
      id: 'with-features',
      port: 4001,
      features: [...FEATURES],
      incarnation: Date.now(),
    });
    const { ip, port } = peer.core.self;
    expect(objectOf(ours.body).self).toMatchObject({ id: SELF_ID, ip, port });
    peer.transport.answer('127.0.0.1:4002', 'legacy');
    const legacy = await join({ id: 'legacy', port: 4002 });
    const { self } = objectOf(legacy.body);
    expect(self).not.toHaveProperty('ip');
    expect(self).not.toHaveProperty('port');
  });

  it('keeps the address of a member that answers there, whatever it is told', async () => {
    await member('member-a', 4001);
    await member('member-b', 4002);
    peer.transport.answer('127.0.0.1:4003', 'member-b');
    const moved = { id: 'member-b', ip: '127.0.0.1', port: 4003, data: {} };
    const answer = await peer.post('/joined', moved, 'member-a');
    expect(answer.body).toEqual({ status: 'added' });
    await until(
      () => peer.transport.bodiesTo('127.0.0.1:4002', 'status').length > 1,
    );
    expect(peer.core.get('member-b')).toMatchObject({ port: 4002 });
  });

  it('follows a member that answers at its new address alone', async () => {
    await member('member-a', 4001);
    await member('member-b', 4002);
    peer.transport.answer('127.0.0.1:4002', 'somebody-else');
    peer.transport.answer('127.0.0.1:4003', 'member-b');
    const moved = { id: 'member-b', ip: '127.0.0.1', port: 4003, data: {} };
    await peer.post('/joined', moved, 'member-a');
    await until(() => peer.core.get('member-b')?.port === 4003);
  });
});

/** PROTOCOL.md, sections 1 and 3. An app that is mounted joins once it listens by `app.listen()`, which these apps do not. */
describe.each(WAYS.filter(({ mode }) => mode === 'own listener'))(
  'coming in, $adapter',
  (way) => {
    let peer: ProtocolApp;

    beforeEach(async () => {
      peer = await createProtocolApp({ ...way, options: { cloud: 'blue' } });
    });

    afterEach(() => peer.close());

    it('lets requests of strangers wait for the end of its own join', async () => {
      let admit = () => {};
      const held = new Promise<void>((resolve) => (admit = resolve));
      peer.transport.answer(SEED_ADDRESS, 'seed');
      peer.transport.script(SEED_ADDRESS, 'join', async () => {
        await held;
        return joined([
          { id: 'member-a', ip: '127.0.0.1', port: 4001, data: {} },
        ]);
      });
      const own = peer.core.join([SEED]);
      await until(
        () => peer.transport.bodiesTo(SEED_ADDRESS, 'join').length > 0,
      );
      let settled = false;
      const send = (sender: string) =>
        peer.post('/message', {}, sender).then((answer) => {
          settled = true;
          return answer.status;
        });
      const statuses = Promise.all([send('member-a'), send('stranger')]);
      // Whoever needs no membership is answered meanwhile: those two are not merely slow.
      expect((await peer.post('/status', {})).status).toBe(200);
      expect(settled).toBe(false);
      admit();
      expect(await own).toBe(true);
      expect(await statuses).toEqual([200, 403]);
    });

    it('tries its known peers one at a time, in an order of chance', async () => {
      const seeds = [1, 2, 3, 4, 5].map((n) => ({
        ip: '127.0.0.1',
        port: 4200 + n,
      }));
      let running = 0;
      for (const { ip, port } of seeds) {
        peer.transport.script(`${ip}:${port}`, 'join', async () => {
          expect(++running).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          return { status: 503, body: undefined };
        });
      }
      const orders = new Set<string>();
      for (let round = 0; round < 10; round++) {
        const from = peer.transport.sent.length;
        expect(await peer.core.join(seeds)).toBe(false);
        const tried = peer.transport.sent
          .slice(from)
          .filter(({ endpoint }) => endpoint === 'join')
          .map((sent) => sent.address);
        expect([...tried].sort()).toEqual(
          seeds.map(({ ip, port }) => `${ip}:${port}`),
        );
        orders.add(tried.join());
      }
      expect(orders.size).toBeGreaterThan(1);
    });
  },
);
