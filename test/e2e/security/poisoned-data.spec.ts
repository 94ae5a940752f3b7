import { Injectable } from '@nestjs/common';
import { OnPeerMessage, OptionsError } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return body;
  }
}

afterEach(closePeers);

/** A body is read down to 128 levels; what is at its bottom has to travel inside of other bodies. */
const DEEP = `{"a":${'['.repeat(120)}${']'.repeat(120)}}`;

async function post(
  { port }: PeerApp,
  path: string,
  senderId: string,
  body: string,
): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-peercloud-id': senderId },
    body,
  });
  return status;
}

describe('data that other peers would refuse', () => {
  it('does not get into the cloud, where it would spoil the news', async () => {
    const providers = [Echo];
    const alice = await startPeer({ providers });
    const options = { peers: [alice.address] };
    const bob = await startPeer({ providers, options });
    const carol = await startPeer({ providers, options });
    const peers = [alice, bob, carol];
    await until(() => agree(peers));
    const { id, port } = bob.membership.self;
    const record = `"id":"eve","ip":"127.0.0.1","port":${port},"data":${DEEP}`;
    const news = `{"ext":{"updates":[{${record},"state":"alive","incarnation":1}]}}`;
    const update = `{"id":"${id}","data":${DEEP}}`;
    const before = listOf(alice);
    expect(await post(alice, '/join', id, `{${record}}`)).toBe(400);
    expect(await post(alice, '/joined', id, `{${record}}`)).toBe(400);
    expect(await post(alice, '/update', id, update)).toBe(400);
    expect(await post(alice, '/status', id, news)).toBe(200);
    expect(listOf(alice)).toEqual(before);
    expect(alice.membership.get(id)?.data).toEqual({});
    expect(await alice.messaging.send(id, { n: 1 })).toEqual({ n: 1 });
  });

  it('is an error where the application gives it', async () => {
    const { membership } = await startPeer();
    await expect(
      membership.update(JSON.parse(DEEP) as Record<string, never>),
    ).rejects.toThrow(OptionsError);
  });
});
