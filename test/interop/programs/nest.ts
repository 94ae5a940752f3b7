import 'reflect-metadata';
import { HttpException, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  BadStatusError,
  MembershipService,
  MessagingService,
  OnPeerMessage,
  type Peer,
  PeerBody,
  PeerCloudModule,
  PeerSender,
} from '../../../src/index.js';
import { type Reply, readOptions, replyTo, serve } from './rpc.js';

const { name, port, seeds, adapter, ownListener } = readOptions();

@Injectable()
class Messages {
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
const app = await (adapter === 'fastify'
  ? NestFactory.create(AppModule, new FastifyAdapter(), { logger: [...logger] })
  : NestFactory.create(AppModule, { logger: [...logger] }));
await app.listen(ownListener ? 0 : port);
const membership = app.get(MembershipService);
const messaging = app.get(MessagingService);
await membership.whenJoined();

serve(membership.self.port, {
  names: () => membership.peers().map((peer) => peer.data.name as string),
  data: () => membership.peers().map((peer) => peer.data),
  send(to, body) {
    const peer = membership.peers().find(({ data }) => data.name === to);
    if (!peer) {
      throw new Error(`${name} has no peer ${to}`);
    }
    return messaging.send(peer, body).then((value) => ({ value }), refusal);
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

function refusal(error: unknown): Reply {
  return error instanceof BadStatusError
    ? { status: error.status, payload: error.payload }
    : { status: 0, payload: String(error) };
}
