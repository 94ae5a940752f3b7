import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, PeerBody } from '../../../src/index.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { describeWith, NATS } from '../../support/services.js';
import { until } from '../../support/until.js';
import { startOnNats } from './nats-peer.js';

const handled: string[] = [];

@Injectable()
class Orders {
  @OnPeerMessage()
  take(@PeerBody('order') order: string) {
    handled.push(order);
    return { order };
  }
}

/** A replica, with a peer on the mesh, one on NATS, or both. */
interface Replica {
  name: string;
  mesh?: PeerApp;
  nats?: PeerApp;
  /** The peer that it sends by. */
  by: 'mesh' | 'nats';
}

const REPLICAS = ['a', 'b', 'c'];

await describeWith([NATS], 'a cloud that moves from the mesh to NATS', () => {
  afterEach(closePeers);

  it('loses no message and handles none twice, while all of them send', async () => {
    const cloud = randomUUID();
    const providers = [Orders];
    const replicas: Replica[] = [];
    const seeds: string[] = [];
    for (const name of REPLICAS) {
      const options = { data: { name }, peers: [...seeds] };
      const mesh = await startPeer({ options, providers });
      seeds.push(mesh.address);
      replicas.push({ name, mesh, by: 'mesh' });
    }
    const all = (kind: 'mesh' | 'nats') =>
      replicas
        .map((replica) => replica[kind])
        .filter((peer) => peer !== undefined);
    await until(() => agree(all('mesh')));

    const sent: string[] = [];
    let isOver = false;
    const senders = replicas.map(async (replica) => {
      for (let n = 0; !isOver; n++) {
        const peer = replica[replica.by]!;
        const orders = peer.membership.peers().map(async ({ id }) => {
          const order = `${replica.name} ${n} to ${id}`;
          sent.push(order);
          await peer.messaging.send(id, { order });
        });
        await Promise.all(orders);
        await new Promise(setImmediate);
      }
    });
    const more = () => {
      const enough = handled.length + 30;
      return until(() => handled.length > enough);
    };

    // 1. A second peer for each.
    for (const replica of replicas) {
      const options = { cloud, data: { name: replica.name } };
      replica.nats = await startOnNats(options, { providers });
      await more();
    }
    await until(() => agree(all('nats')));
    // 2. All of them are there: each sends by it.
    for (const replica of replicas) {
      replica.by = 'nats';
      await more();
    }
    // 3. Nobody sends by the mesh any more.
    for (const replica of replicas) {
      await replica.mesh!.close();
      delete replica.mesh;
      await more();
    }
    isOver = true;
    await Promise.all(senders);
    expect(agree(all('nats'))).toBe(true);
    expect(handled.toSorted()).toEqual(sent.toSorted());
  });
});
