import {
  ConflictException,
  Injectable,
  UnprocessableEntityException,
} from '@nestjs/common';
import { OnPeerMessage, PeerSender, type Peer } from '../../../src/index.js';
import {
  createProtocolApp,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

@Injectable()
class Handlers {
  @OnPeerMessage('value')
  value(body: { n: number }) {
    return { twice: 2 * body.n };
  }

  @OnPeerMessage('text')
  text() {
    return 'words';
  }

  @OnPeerMessage('null')
  nothing() {
    return null;
  }

  @OnPeerMessage('undefined')
  undefined() {}

  @OnPeerMessage('false')
  no() {
    return false;
  }

  @OnPeerMessage('sender')
  sender(@PeerSender() { id, data }: Peer) {
    return { id, data };
  }

  @OnPeerMessage('later')
  async later() {
    await new Promise((resolve) => setImmediate(resolve));
    return { later: true };
  }

  @OnPeerMessage('conflict')
  conflict() {
    throw new ConflictException({ code: 'TAKEN', by: 7 });
  }

  @OnPeerMessage('unprocessable')
  unprocessable() {
    throw new UnprocessableEntityException('no such colour');
  }

  @OnPeerMessage('error')
  error() {
    throw new Error('the password is swordfish');
  }

  @OnPeerMessage('cycle')
  cycle() {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  }
}

/** PROTOCOL.md, section 2, `/message`. */
describe.each(WAYS)('what /message answers, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  beforeAll(async () => {
    peer = await createProtocolApp({ ...way, providers: [Handlers] });
    await peer.join('member-a', 4001, { data: { colour: 'red' } });
  });

  afterAll(() => peer.close());

  const send = (type: string, more: object = {}) =>
    peer.post('/message', { type, ...more }, 'member-a');

  it.each([
    ['value', { n: 21 }, { twice: 42 }],
    ['text', {}, 'words'],
    ['false', {}, false],
    ['null', {}, {}],
    ['undefined', {}, {}],
    ['later', {}, { later: true }],
    ['sender', {}, { id: 'member-a', data: { colour: 'red' } }],
  ])('the value of a handler, as JSON: %s', async (type, more, value) => {
    const answer = await send(type, more);
    expect(answer.status).toBe(200);
    expect(answer.type).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual(value);
  });

  it('404 where there are handlers, but none that matches', async () => {
    for (const body of [{ type: 'nobody' }, { type: 7 }, {}]) {
      const answer = await peer.post('/message', body, 'member-a');
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({
        statusCode: 404,
        error: 'Not Found',
        message: expect.any(String),
        code: 'NO_HANDLER',
      });
    }
  });

  it.each([
    ['x-peercloud-channel', 'two words'],
    ['x-peercloud-metadata', '{'],
    ['x-peercloud-metadata', '[]'],
    ['x-peercloud-metadata', '{"a":1}'],
    ['x-peercloud-metadata', '{"__proto__":"x"}'],
    ['x-peercloud-metadata', `{"a":"${'x'.repeat(4096)}"}`],
  ])('400 for a head that breaks the rules: %s %s', async (name, value) => {
    const answer = await send('value', { n: 1 }).set(name, value);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'INVALID_HEAD' });
  });

  it('404 on a channel that nobody handles', async () => {
    const answer = await send('value', { n: 1 }).set(
      'x-peercloud-channel',
      'c',
    );
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'NO_CHANNEL' });
  });

  it('status and payload of an HttpException', async () => {
    const conflict = await send('conflict');
    expect(conflict.status).toBe(409);
    expect(conflict.body).toEqual({ code: 'TAKEN', by: 7 });
    const unprocessable = await send('unprocessable');
    expect(unprocessable.status).toBe(422);
    expect(unprocessable.body).toEqual({
      statusCode: 422,
      error: 'Unprocessable Entity',
      message: 'no such colour',
    });
  });

  it('a 500 without details for any other error, which is in the log', async () => {
    const answer = await send('error');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      message: expect.any(String),
    });
    expect(answer.text).not.toContain('swordfish');
    expect(answer.text).not.toContain('.ts');
    expect(peer.logs.of('error').join()).toContain('swordfish');
  });

  it('a 500 for what JSON cannot carry, and the handler in the log', async () => {
    const answer = await send('cycle');
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ statusCode: 500 });
    expect(peer.logs.of('error').join()).toContain('Handlers.cycle');
  });

  it.each(['[1]', '"text"', '7', 'null', 'true'])(
    '400 for %s, which is no object',
    async (body) => {
      const answer = await peer
        .post('/message', undefined, 'member-a')
        .set('content-type', 'application/json')
        .send(body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'INVALID_BODY' });
    },
  );
});
