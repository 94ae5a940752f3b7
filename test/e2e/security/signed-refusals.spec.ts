import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { forge, replay, SECRET } from './support/wire.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return body;
  }
}

afterEach(closePeers);

/** An array of arrays of arrays. */
const nested = (levels: number): unknown =>
  JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe.each([
  ['an open cloud', {}],
  ['a signed cloud', { security: { secret: SECRET } }],
])('in %s', (_kind, security) => {
  it('the refusal of a body that cannot be read reaches its sender', async () => {
    const options = { ...security, messaging: { stream: false as const } };
    const alice = await startPeer({
      providers: [Echo],
      options: { ...options, limits: { maxJsonDepth: 48 } },
    });
    const bob = await startPeer({
      options: { ...options, peers: [alice.address] },
    });
    await until(() => agree([alice, bob]));
    const deep = { deep: nested(60) } as object;
    await expect(
      bob.messaging.send(alice.membership.self.id, deep as never),
    ).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 400,
      payload: { code: 'INVALID_JSON' },
    });
  });
});

it('refusals of what was let in are signed, whatever is wrong with it', async () => {
  const alice = await startPeer({ options: { security: { secret: SECRET } } });
  const { id } = alice.membership.self;
  const wrong: [number, string, Buffer][] = [
    [400, 'application/json', Buffer.from('{')],
    [400, 'application/json', Buffer.from('{"__proto__":1}')],
    [415, 'text/plain', Buffer.from('{}')],
  ];
  for (const [status, type, body] of wrong) {
    const request = forge('bob', id, '/status', body);
    const answer = await replay(alice, {
      ...request,
      headers: { ...request.headers, 'content-type': type },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.has('signature')).toBe(true);
  }
});
