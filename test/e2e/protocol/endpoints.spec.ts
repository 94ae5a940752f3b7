import { objectOf } from './support/scripted-transport.js';
import {
  createProtocolApp,
  SELF_ID,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

/** PROTOCOL.md, section 2, and `/update` and `/sync` of section 4. */
describe.each(WAYS)('endpoints, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  beforeEach(async () => {
    peer = await createProtocolApp(way);
  });

  afterEach(() => peer.close());

  describe('/join', () => {
    it('lets a peer in and tells it who is there', async () => {
      const first = await peer.join('member-a', 4001, { data: { n: 1 } });
      expect(first).toMatchObject({
        status: 'joined',
        id: 'member-a',
        ip: '127.0.0.1',
        port: 4001,
        self: { id: SELF_ID, data: { role: 'under test' } },
        peers: [],
      });
      const second = await peer.join('member-b', 4002);
      expect(second.peers).toMatchObject([
        { id: 'member-a', ip: '127.0.0.1', port: 4001, data: { n: 1 } },
      ]);
      expect(peer.core.members().map(({ id }) => id)).toEqual(
        expect.arrayContaining(['member-a', 'member-b']),
      );
    });

    it('checks the joiner at the address that it gives, or that it comes from', async () => {
      peer.transport.answer('127.0.0.1:9338', 'member-a');
      const nulls = { id: 'member-a', ip: null, port: null, data: null };
      const answer = await peer.post('/join', nulls);
      expect(answer.body).toMatchObject({ ip: '127.0.0.1', port: 9338 });
      const sent = peer.transport.bodiesTo('127.0.0.1:9338', 'status');
      expect(sent).toHaveLength(1);
    });

    it('refuses with status 200 who cannot be reached', async () => {
      const answer = await peer.post('/join', { id: 'member-a', port: 4009 });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        status: 'rejected',
        error: { code: 'CHECK_FAILED', message: expect.any(String) },
      });
      expect(peer.core.members()).toEqual([]);
    });

    it('refuses its own id', async () => {
      peer.transport.answer('127.0.0.1:4001', SELF_ID);
      const answer = await peer.post('/join', { id: SELF_ID, port: 4001 });
      expect(answer.status).toBe(200);
      expect(objectOf(answer.body).status).toBe('rejected');
    });

    it('tells the other members', async () => {
      await peer.join('member-a', 4001);
      await peer.join('member-b', 4002, { data: { n: 2 } });
      const told = peer.transport.bodiesTo('127.0.0.1:4001', 'joined');
      expect(told).toMatchObject([
        { id: 'member-b', ip: '127.0.0.1', port: 4002, data: { n: 2 } },
      ]);
    });

    it('forwards no unknown property', async () => {
      await peer.join('member-a', 4001);
      await peer.join('member-b', 4002, { secret: 1, send: 2, state: 'dead' });
      const [told] = peer.transport.bodiesTo('127.0.0.1:4001', 'joined');
      expect(told).not.toHaveProperty('secret');
      expect(told).not.toHaveProperty('send');
      expect(told).not.toHaveProperty('state');
    });
  });

  describe('as a member', () => {
    beforeEach(async () => {
      await peer.join('member-a', 4001);
    });

    it('/joined adds a peer, and tells of itself as often as it likes', async () => {
      peer.transport.answer('127.0.0.1:4002', 'member-b');
      const body = { id: 'member-b', ip: '127.0.0.1', port: '4002', data: {} };
      const answer = await peer.post('/joined', body, 'member-a');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ status: 'added' });
      expect(peer.core.get('member-b')).toMatchObject({ port: 4002 });

      const self = { ...body, id: SELF_ID };
      const again = await peer.post('/joined', self, 'member-a');
      expect(again.body).toEqual({ status: 'added' });
      expect(peer.core.get(SELF_ID)).toBeUndefined();
    });

    it('/left removes the sender, and answers alike about nobody', async () => {
      const nobody = await peer.post('/left', { id: 'nobody' }, 'member-a');
      expect(nobody.body).toEqual({ status: 'removed' });
      expect(peer.core.members()).toHaveLength(1);
      const answer = await peer.post('/left', { id: 'member-a' }, 'member-a');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ status: 'removed' });
      expect(peer.core.members()).toEqual([]);
    });

    it('/message answers {} where the app has no handler', async () => {
      const answer = await peer.post('/message', { type: 'any' }, 'member-a');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({});
      const empty = await peer.post('/message', undefined, 'member-a');
      expect(empty.status).toBe(200);
    });

    it('/update replaces the own data, nobody else’s', async () => {
      const own = { id: 'member-a', data: { n: 2 } };
      const answer = await peer.post('/update', own, 'member-a');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ status: 'updated' });
      expect(peer.core.get('member-a')?.data).toEqual({ n: 2 });

      await peer.join('member-b', 4002);
      const other = { id: 'member-b', data: { n: 3 } };
      const refused = await peer.post('/update', other, 'member-a');
      expect(refused.status).toBe(403);
      expect(objectOf(refused.body).code).toBe('NOT_YOURS');
      expect(peer.core.get('member-b')?.data).toEqual({});
    });

    it('/sync answers a member with an object', async () => {
      const answer = await peer.post('/sync', {}, 'member-a');
      expect(answer.status).toBe(200);
      objectOf(answer.body);
    });
  });

  describe.each(['/status', '/check'])('%s', (path) => {
    it.each([
      ['nothing', undefined],
      ['{}', '{}'],
      ['an array', '[1]'],
      ['null', 'null'],
      ['a number', '7'],
    ])('takes %s', async (_name, body) => {
      const test = peer.post(path).set('content-type', 'application/json');
      const answer = await (body === undefined ? test : test.send(body));
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        id: SELF_ID,
        online: true,
        listening: true,
        joined: false,
      });
    });

    it('says that it is joined once there are others', async () => {
      await peer.join('member-a', 4001);
      const answer = await peer.post(path, {});
      expect(answer.body).toMatchObject({ joined: true });
    });
  });

  it('while it leaves, it is offline and lets nobody in', async () => {
    await peer.core.leave();
    const status = await peer.post('/status', {});
    expect(status.body).toMatchObject({ id: SELF_ID, online: false });
    peer.transport.answer('127.0.0.1:4001', 'member-a');
    const join = await peer.post('/join', { id: 'member-a', port: 4001 });
    expect(join.status).toBe(200);
    expect(join.body).toMatchObject({
      status: 'rejected',
      error: { code: 'LEAVING' },
    });
  });
});
