import { Agent, request as send } from 'node:http';
import { connect, type Socket } from 'node:net';
import { MAX_CONTROL_BYTES } from '../../../src/membership/core/options/membership.options.js';
import type {
  IncomingPeerRequest,
  RequestVerifier,
  Verdict,
} from '../../../src/security/security.interface.js';
import { until } from '../../support/until.js';
import { refusalOf } from '../messaging/support/raw-stream.js';
import { openPost } from './support/raw-http.js';
import {
  createProtocolApp,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

/** Lets in who has the right word in a header, and signs the answers. */
class PasswordVerifier implements RequestVerifier {
  readonly seen: IncomingPeerRequest[] = [];

  verify(request: IncomingPeerRequest): Verdict {
    this.seen.push(request);
    if (request.headers['x-password'] !== 'open sesame') {
      const headers = { 'accept-signature': 'sig=()' };
      return { ok: false, status: 401, headers, code: 'UNSIGNED' };
    }
    return {
      ok: true,
      signAnswer: (status, body) => ({
        'x-signed': `${status} ${body.length}`,
      }),
    };
  }
}

describe.each(WAYS)('gate, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  afterEach(() => peer.close());

  describe('with a verifier', () => {
    let verifier: PasswordVerifier;

    beforeEach(async () => {
      verifier = new PasswordVerifier();
      peer = await createProtocolApp({ ...way, verifier });
      peer.transport.answer('127.0.0.1:4001', 'member-a');
    });

    it('answers a bare 401 before anything is parsed, and calls nobody', async () => {
      const bodies = ['{', '{"id":"member-a","port":4001}', '[]', ''];
      for (const body of bodies) {
        for (const path of ['/join', '/status', '/message']) {
          const answer = await peer
            .post(path)
            .set('content-type', 'application/json')
            .send(body);
          expect(answer.status).toBe(401);
          expect(answer.headers['accept-signature']).toBe('sig=()');
          expect(answer.headers['x-signed']).toBeUndefined();
          expect(answer.body).toEqual({
            statusCode: 401,
            error: 'Unauthorized',
            message: 'Unauthorized',
            code: 'UNSIGNED',
          });
        }
      }
      const calls = peer.transport.bodiesTo('127.0.0.1:4001', 'status');
      expect(calls).toEqual([]);
      expect(peer.core.members()).toEqual([]);
    });

    it('looks at the size before the signature', async () => {
      const large = { text: 'x'.repeat(MAX_CONTROL_BYTES) };
      expect((await peer.post('/join', large)).status).toBe(413);
      expect(verifier.seen).toEqual([]);
    });

    it('shows the verifier the bytes and the head as they came', async () => {
      const text = '{ "id" : "member-a",\n "port":4001 }';
      const answer = await peer
        .post('/join?a=1')
        .set('content-type', 'application/json')
        .set('x-password', 'open sesame')
        .set('x-peercloud-id', 'member-a')
        .send(text);
      expect(answer.body).toMatchObject({ status: 'joined' });
      const [seen] = verifier.seen;
      expect(seen?.raw?.toString()).toBe(text);
      expect(seen).toMatchObject({
        method: 'POST',
        path: '/join?a=1',
        remoteAddress: '127.0.0.1',
      });
    });

    it('signs what it answers to those who were let in, refusals too', async () => {
      for (const [path, status] of [
        ['/status', 200],
        ['/message', 403],
        ['/joined', 403],
      ] as const) {
        const answer = await peer
          .post(path, {})
          .set('x-password', 'open sesame');
        expect(answer.status).toBe(status);
        const bytes = Buffer.byteLength(answer.text);
        expect(answer.headers['x-signed']).toBe(`${status} ${bytes}`);
      }
    });

    it('judges who asks for a stream, which has no body', async () => {
      const headers = { 'x-peercloud-id': 'member-a' };
      const port = Number(new URL(peer.url).port);
      const stranger = await refusalOf(port, headers);
      expect([stranger.status, stranger.body]).toEqual([
        401,
        expect.objectContaining({ code: 'UNSIGNED' }),
      ]);
      expect(stranger.headers['x-signed']).toBeUndefined();
      const signed = await refusalOf(port, {
        ...headers,
        'x-password': 'open sesame',
      });
      expect(signed.body['code']).toBe('UNKNOWN_SENDER');
      expect(signed.headers['x-signed']).toMatch(/^403 /);
      expect(verifier.seen).toMatchObject([
        { method: 'GET', path: '/stream', raw: undefined },
        { method: 'GET', path: '/stream', raw: undefined },
      ]);
    });
  });

  it('gives a body only so much time', async () => {
    const options = { limits: { bodyTimeout: 150 } };
    peer = await createProtocolApp({ ...way, options });
    const { outgoing, answer } = openPost(`${peer.url}/join`);
    outgoing.write('{"id":');
    expect(await answer).toMatchObject({ status: 408 });
    outgoing.destroy();
  });

  it('does not wait for a body that is announced as too large', async () => {
    peer = await createProtocolApp(way);
    const { outgoing, answer } = openPost(`${peer.url}/join`, {
      'content-length': String(2 ** 30),
    });
    outgoing.write('{');
    expect(await answer).toMatchObject({ status: 413 });
    outgoing.destroy();
  });

  it('cuts off who goes on sending', async () => {
    peer = await createProtocolApp(way);
    const { outgoing, answer } = openPost(`${peer.url}/join`);
    const piece = Buffer.alloc(256 * 1024, 0x20);
    const pump = () => {
      while (!outgoing.destroyed && outgoing.write(piece)) {
        continue;
      }
    };
    outgoing.on('drain', pump);
    pump();
    const outcome = await answer.catch(() => ({ status: 0 }));
    expect([0, 413]).toContain(outcome.status);
    await until(() => outgoing.destroyed || outgoing.socket?.destroyed);
    expect((await peer.post('/status', {})).status).toBe(200);
  });

  it('keeps the connection of who sent a little too much', async () => {
    peer = await createProtocolApp(way);
    const most = MAX_CONTROL_BYTES;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<Socket>();
    for (const size of [most + 1000, 10, most + 200_000, 10]) {
      const status = await postOver(agent, peer.url, size, sockets);
      expect(status).toBe(size > most ? 413 : 200);
    }
    expect(sockets.size).toBe(1);
    agent.destroy();
  });

  it('survives clients that go away in the middle', async () => {
    peer = await createProtocolApp(way);
    const { port } = new URL(peer.url);
    for (let round = 0; round < 10; round++) {
      const socket = connect(Number(port), '127.0.0.1');
      const head = 'POST /join HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n';
      await new Promise<void>((resolve) =>
        socket.write(`${head}\r\n{"id"`, () => resolve()),
      );
      socket.resetAndDestroy();
    }
    expect((await peer.post('/status', {})).status).toBe(200);
    expect(peer.logs.of('error')).toEqual([]);
  });

  it('answers 429 with retry-after over a limit', async () => {
    const options = { limits: { joinsPerMinutePerAddress: 2 } };
    peer = await createProtocolApp({ ...way, options });
    await peer.join('member-a', 4001);
    await peer.join('member-b', 4002);
    const answer = await peer.post('/join', { id: 'member-c', port: 4001 });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  });
});

function postOver(
  agent: Agent,
  url: string,
  size: number,
  sockets: Set<Socket>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', agent, headers };
    const outgoing = send(`${url}/status`, options, (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode));
    });
    outgoing.once('socket', (socket) => sockets.add(socket));
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ text: 'x'.repeat(size) }));
  });
}
