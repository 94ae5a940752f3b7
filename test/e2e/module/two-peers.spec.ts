import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  type JsonObject,
  type Peer,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerAppSetup,
} from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: JsonObject, sender: Peer) {
    return { echo: body.text, from: sender.data.name };
  }
}

const WAYS: Record<string, PeerAppSetup> = {
  'Express, mounted': { adapter: 'express' },
  'Fastify, mounted': { adapter: 'fastify' },
  'Express, own listener': { adapter: 'express', place: 'own listener' },
  'Fastify, own listener': { adapter: 'fastify', place: 'own listener' },
  'worker, own listener': { place: 'worker' },
};

describe.each(Object.entries(WAYS))('a cloud with a peer on %s', (_, way) => {
  async function pair() {
    const first = await startPeer({
      ...way,
      providers: [Echo],
      options: { data: { name: 'first' } },
    });
    const second = await startPeer({
      providers: [Echo],
      options: { data: { name: 'second' }, peers: [first.address] },
    });
    await until(() => agree([first, second]));
    return { first, second };
  }

  it('joins and knows the other with its data', async () => {
    const { first, second } = await pair();
    expect(first.membership.peers()).toMatchObject([
      { id: second.membership.self.id, port: second.port },
    ]);
    expect(second.membership.peers()[0]!.data).toEqual({ name: 'first' });
    expect(first.membership.isJoined).toBe(true);
    expect(second.membership.isJoined).toBe(true);
  });

  it('exchanges messages in both directions', async () => {
    const { first, second } = await pair();
    const there = first.membership.get(second.membership.self.id)!;
    await expect(there.send({ text: 'hello' })).resolves.toEqual({
      echo: 'hello',
      from: 'first',
    });
    const back = await second.messaging.broadcast({ text: 'all' });
    expect(back).toMatchObject([{ value: { echo: 'all', from: 'second' } }]);
  });

  it('sends to itself without the network', async () => {
    const { first } = await pair();
    const reply = await first.membership.self.send({ text: 'me' });
    expect(reply).toEqual({ echo: 'me', from: 'first' });
  });

  it('sees new data', async () => {
    const { first, second } = await pair();
    await first.membership.update({ name: 'renamed' });
    expect(first.membership.self.data).toEqual({ name: 'renamed' });
    await until(() => second.membership.peers()[0]!.data.name === 'renamed');
  });

  it('says goodbye when the app closes', async () => {
    const { first, second } = await pair();
    await first.close();
    await until(() => second.membership.peers().length === 0);
    expect(second.events).toContainEqual({
      type: 'peer.left',
      peer: expect.objectContaining({}),
      reason: 'left',
    });
  });
});
