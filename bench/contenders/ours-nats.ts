import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { Injectable, Module } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
} from 'nestjs-peercloud';
import { natsTransport } from 'nestjs-peercloud/nats';
import type { BrokerPorts, Contender, PeerLocation } from '../contender.js';
import { isEcho } from '../load/body.js';
import { allOf } from './support/peer-cloud.js';

@Injectable()
class EchoHandler {
  @OnPeerMessage('echo')
  echo(body: unknown): unknown {
    return body;
  }
}

/** A peer of the cloud on NATS that the first one has named. */
async function startPeer(
  host: string,
  brokers: BrokerPorts,
  [first]: readonly PeerLocation[],
) {
  const cloud = String(first?.cloud ?? randomBytes(9).toString('base64url'));
  @Module({
    imports: [
      PeerCloudModule.forRoot({
        cloud,
        transport: natsTransport({ servers: `${host}:${brokers.nats}` }),
      }),
    ],
    providers: [EchoHandler],
  })
  class PeerModule {}
  const app = await NestFactory.createApplicationContext(PeerModule, {
    logger: false,
  });
  const membership = app.get(MembershipService);
  await membership.whenJoined();
  return { cloud, membership, messaging: app.get(MessagingService) };
}

const contender: Contender = {
  title: 'ours, on NATS',
  parts: ['request-reply', 'broadcast'],
  broker: 'nats',

  async server({ host, brokers, seeds }) {
    const { cloud, membership } = await startPeer(host, brokers, seeds);
    return { location: { id: membership.self.id, cloud } };
  },

  async client({ host, brokers, peers: locations }) {
    const peer = await startPeer(host, brokers, locations);
    const peers = await allOf(peer.membership, locations);
    return {
      send: (to, body) => peer.messaging.send(peers[to]!, body),
      broadcast: async (body) => {
        const results = await peer.messaging.broadcast(body);
        return results.filter(({ value }) => isEcho(value, body)).length;
      },
    };
  },
};

export default contender;
