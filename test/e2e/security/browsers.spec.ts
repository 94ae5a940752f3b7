import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import {
  closePeers,
  listOf,
  startPeer,
  type AdapterName,
  type PeerApp,
  type Place,
} from '../module/support/peer-app.js';
import { refusalOf } from '../messaging/support/raw-stream.js';
import { closeFakePeers, maliciousMember, post } from './support/fake-peer.js';

const PATHS = ['/join', '/joined', '/left', '/status', '/message'];

const EVIL = 'https://evil.example';

const handled: unknown[] = [];

@Injectable()
class Recorder {
  @OnPeerMessage()
  record(body: object): void {
    handled.push(body);
  }
}

afterEach(async () => {
  await Promise.all([closePeers(), closeFakePeers()]);
});

async function expectRefused(
  peer: PeerApp,
  headers: Record<string, string>,
): Promise<void> {
  const before = listOf(peer);
  for (const path of PATHS) {
    const answer = await post(
      peer,
      path,
      '{"id":"member","ip":"127.0.0.1","port":4000}',
      { 'x-peercloud-id': 'member', ...headers },
    );
    expect([answer.status, answer.body.code]).toEqual([403, 'FROM_BROWSER']);
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  }
  const { 'content-type': _, ...own } = headers;
  const stream = await refusalOf(peer.port, {
    'x-peercloud-id': 'member',
    ...own,
  });
  expect([stream.status, stream.body['code']]).toEqual([403, 'FROM_BROWSER']);
  expect(handled).toEqual([]);
  expect(listOf(peer)).toEqual(before);
}

function preflight({ port }: PeerApp, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin: EVIL,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-peercloud-id',
    },
  });
}

describe.each<[AdapterName, Place]>([
  ['express', 'mounted'],
  ['fastify', 'mounted'],
  ['express', 'own listener'],
])("a page in somebody's browser (%s, %s)", (adapter, place) => {
  let peer: PeerApp;

  beforeEach(async () => {
    peer = await startPeer({
      adapter,
      place,
      providers: [Recorder],
      prepare: (app) => app.enableCors(),
    });
    await maliciousMember(peer, 'member');
  });

  it('cannot post across sites, not even JSON to an app that allows every origin', async () => {
    for (const type of [
      'application/json',
      'application/x-ndjson',
      'text/plain',
      'application/x-www-form-urlencoded',
      '',
    ]) {
      await expectRefused(peer, { 'content-type': type, origin: EVIL });
    }
    await expectRefused(peer, { origin: 'null' });
  });

  it('cannot post to the name of its own site that leads here (DNS rebinding)', async () => {
    const host = `evil.example:${peer.port}`;
    await expectRefused(peer, { host, origin: `http://${host}` });
    await expectRefused(peer, { host, 'sec-fetch-site': 'same-origin' });
  });
});

// On Fastify an app that allows every origin says so before anybody can object; the post is refused.
it.each<Place>(['mounted', 'own listener'])(
  'a page is not told that it may post (%s)',
  async (place) => {
    const peer = await startPeer({
      place,
      prepare: (app) => app.enableCors(),
    });
    for (const path of PATHS) {
      const { status, headers } = await preflight(peer, path);
      expect(status).toBe(403);
      expect(headers.has('access-control-allow-origin')).toBe(false);
    }
  },
);
