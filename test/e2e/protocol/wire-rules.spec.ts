import { openPost } from './support/raw-http.js';
import { objectOf } from './support/scripted-transport.js';
import {
  createProtocolApp,
  SELF_ID,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

/** PROTOCOL.md, section 1. */
describe.each(WAYS)('wire rules, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  beforeAll(async () => {
    peer = await createProtocolApp({
      ...way,
      options: { maxMessageBytes: 4096 },
    });
    await peer.join('member-a', 4001);
  });

  afterAll(() => peer.close());

  it('answers with exactly 200 and JSON', async () => {
    const answer = await peer.post('/status', {});
    expect(answer.status).toBe(200);
    expect(answer.type).toBe('application/json');
    expect(answer.body).toMatchObject({ id: SELF_ID, online: true });
  });

  it.each(['/joined', '/left', '/message', '/update', '/sync'])(
    'refuses an unknown sender at %s',
    async (path) => {
      for (const sender of [undefined, 'stranger', SELF_ID, 'with space']) {
        const answer = await peer.post(path, { id: 'x' }, sender);
        expect(answer.status).toBe(403);
        expect(answer.body).toEqual({
          statusCode: 403,
          error: 'Forbidden',
          message: expect.any(String),
          code: 'UNKNOWN_SENDER',
        });
      }
      expect(peer.core.members()).toHaveLength(1);
    },
  );

  it('asks who sends before it looks at what is sent', async () => {
    const answer = await peer.post('/joined', { nonsense: true }, 'stranger');
    expect(answer.status).toBe(403);
  });

  it.each([
    ['text/plain', '{}'],
    ['application/x-www-form-urlencoded', 'a=1'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/jsonp', '{}'],
    ['application/json; charset=utf-16', '{}'],
    ['application/x-ndjson', '{}'],
  ])('answers 415 to a body of type %s', async (type, body) => {
    for (const path of ['/join', '/status', '/check', '/message']) {
      const answer = await peer
        .post(path, undefined, 'member-a')
        .set('content-type', type)
        .send(body);
      expect(answer.status).toBe(415);
      expect(objectOf(answer.body).code).toBe('UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it('answers 415 to a compressed body', async () => {
    const answer = await peer
      .post('/status')
      .set('content-type', 'application/json')
      .set('content-encoding', 'gzip')
      .send('{}');
    expect(answer.status).toBe(415);
  });

  it('takes JSON under each spelling of its type', async () => {
    const types = ['application/json', 'Application/JSON; charset="UTF-8"'];
    for (const type of types) {
      const answer = await peer
        .post('/message', undefined, 'member-a')
        .set('content-type', type)
        .send('{"a":1}');
      expect(answer.status).toBe(200);
    }
  });

  it('answers 413 to a body over maxMessageBytes, whether its length is announced or not', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(5000) });
    const announced = await peer
      .post('/message', undefined, 'member-a')
      .set('content-type', 'application/json')
      .send(body);
    expect(announced.status).toBe(413);
    expect(announced.body).toEqual({
      statusCode: 413,
      error: 'Payload Too Large',
      message: 'the body is larger than 4096 bytes',
      code: 'BODY_TOO_LARGE',
    });
    const { outgoing, answer } = openPost(`${peer.url}/message`, {
      'x-peercloud-id': 'member-a',
    });
    outgoing.write(body);
    outgoing.end();
    const chunked = await answer;
    expect(chunked.status).toBe(413);
  });

  it('takes a body of exactly maxMessageBytes', async () => {
    const frame = JSON.stringify({ text: '' }).length;
    const body = JSON.stringify({ text: 'x'.repeat(4096 - frame) });
    expect(body).toHaveLength(4096);
    const answer = await peer
      .post('/message', undefined, 'member-a')
      .set('content-type', 'application/json')
      .send(body);
    expect(answer.status).toBe(200);
  });

  it('looks at the size first, then at the type, then at the JSON, then at the sender', async () => {
    const send = (type: string, body: string) =>
      peer.post('/message').set('content-type', type).send(body);
    expect((await send('text/plain', 'x'.repeat(5000))).status).toBe(413);
    expect((await send('text/plain', '{')).status).toBe(415);
    expect((await send('application/json', '{')).status).toBe(400);
    expect((await send('application/json', '{}')).status).toBe(403);
  });

  it('ignores unknown properties', async () => {
    const answer = await peer.post('/status', { unknown: [1], id: 7 });
    expect(answer.status).toBe(200);
  });

  it('normalises addresses and ports wherever they come in', async () => {
    peer.transport.answer('127.0.0.1:4011', 'member-b');
    const body = { id: 'member-b', ip: '::ffff:127.0.0.1', port: '4011' };
    const joined = await peer.post('/join', body);
    expect(joined.body).toMatchObject({ ip: '127.0.0.1', port: 4011 });
    peer.transport.answer('127.0.0.1:4012', 'member-c');
    await peer.post(
      '/joined',
      { id: 'member-c', ip: '::FFFF:7f00:1', port: '4012', data: {} },
      'member-a',
    );
    expect(peer.core.get('member-c')).toMatchObject({
      ip: '127.0.0.1',
      port: 4012,
    });
  });

  it('tells a remote nothing of an error of its own, and logs it in full', async () => {
    const failure = new Error('the secret detail');
    vi.spyOn(peer.core, 'receiveStatus').mockRejectedValueOnce(failure);
    const answer = await peer.post('/status', {});
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      message: 'the request could not be handled',
      code: 'INTERNAL',
    });
    expect(peer.logs.of('error').join()).toContain('the secret detail');
  });

  it('does not answer at other spellings of a path', async () => {
    for (const path of ['/Status', '/status/', '//status', '/%73tatus']) {
      const answer = await peer.post(path, {});
      expect(answer.status).toBe(404);
    }
    expect((await peer.post('/status?a=1', {})).status).toBe(200);
  });

  it('leaves other methods to the app', async () => {
    const answer = await fetch(`${peer.url}/status`);
    expect(answer.status).toBe(404);
  });
});
