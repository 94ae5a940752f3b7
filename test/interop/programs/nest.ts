import 'reflect-metadata';
import { HttpException, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BadStatusError,
  MembershipService,
  MessagingService,
  OnPeerMessage,
  type Peer,
  PeerBody,
  PeerCloudModule,
  PeerMetadata,
  PeerSender,
} from '../../../src/index.js';
import { type Reply, readOptions, replyTo, serve } from './rpc.js';

const { name, port, seeds, adapter, ownListener } = readOptions();

@Injectable()
class Messages {
  @OnPeerMessage('count')
  async *count(@PeerMetadata('from') from = 'nobody') {
    yield { n: 1, from };
    yield { n: 2, from };
  }

  @OnPeerMessage()
  handle(@PeerBody() body: object, @PeerSender() sender: Peer): object {
    return replyTo(
      name,
      sender.data,
      body,
      (status) => new HttpException({ statusCode: status, text: 'no' }, status),
    );
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: seeds.map((seed) => `127.0.0.1:${seed}`),
      data: { name, kind: 'nest' },
      listener: ownListener ? { port } : undefined,
    }),
  ],
  providers: [Messages],
})
class AppModule {}

const logger = ['fatal', 'error', 'warn'] as const;
const app = await NestFactory.create(AppModule, new (await adapterClass())(), {
  logger: [...logger],
});
await app.listen(ownListener ? 0 : port);
const membership = app.get(MembershipService);
const messaging = app.get(MessagingService);
await membership.whenJoined();

messaging.channel('interop').handle(() => ({ at: name }));

serve(membership.self.port, {
  names: () => membership.peers().map((peer) => peer.data.name as string),
  data: () => membership.peers().map((peer) => peer.data),
  send: (to, body) =>
    messaging.send(peerNamed(to), body).then((value) => ({ value }), refusal),
  async extras(to, body) {
    const peer = peerNamed(to);
    const metadata = { from: name };
    const replies: unknown[] = [];
    for await (const reply of messaging.stream(peer, body, { metadata })) {
      replies.push(reply);
    }
    return {
      withMetadata: await messaging.send(peer, body, { metadata }),
      onChannel:
        (await messaging.channel('interop').send(peer, body)) ?? 'none',
      replies,
    };
  },
  async broadcast(body) {
    const results = await messaging.broadcast(body);
    return results.map(({ peer, value, error }) => ({
      name: peer.data.name as string,
      ...(error ? refusal(error) : { value }),
    }));
  },
  close: () => app.close(),
});

/** The one that this process needs: each takes its time to load. */
async function adapterClass() {
  return adapter === 'fastify'
    ? (await import('@nestjs/platform-fastify')).FastifyAdapter
    : (await import('@nestjs/platform-express')).ExpressAdapter;
}

function peerNamed(to: string): Peer {
  const peer = membership.peers().find(({ data }) => data.name === to);
  if (!peer) {
    throw new Error(`${name} has no peer ${to}`);
  }
  return peer;
}

function refusal(error: unknown): Reply {
  return error instanceof BadStatusError
    ? { status: error.status, payload: error.payload }
    : { status: 0, payload: String(error) };
}
