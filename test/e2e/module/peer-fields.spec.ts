import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  type INestApplication,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import request from 'supertest';
import type { Server } from 'node:http';
import {
  HealthCheckService,
  MembershipService,
  OnPeerMessage,
  type Peer,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from './support/peer-app.js';

@Controller()
class PeersController {
  readonly #membership: MembershipService;

  constructor(membership: MembershipService) {
    this.#membership = membership;
  }

  @Get('peers')
  peers(): Peer[] {
    return this.#membership.peers();
  }
}

/** A handler that writes to what it is given. */
@Injectable()
class Vandal {
  @OnPeerMessage()
  write(_body: object, sender: Peer) {
    try {
      sender.data.name = 'changed';
      (sender.features as string[]).length = 0;
    } catch {
      return { refused: true };
    }
    return {};
  }
}

afterEach(closePeers);

describe('the fields of a Peer', () => {
  it.each(['express', 'fastify'] as const)(
    'are what a route answers under ClassSerializerInterceptor, on %s',
    async (adapter) => {
      const started = Date.now();
      const first = await startPeer({
        adapter,
        controllers: [PeersController],
        prepare: (app) =>
          app.useGlobalInterceptors(
            new ClassSerializerInterceptor(app.get(Reflector)),
          ),
      });
      const second = await startPeer({
        options: { peers: [first.address], data: { name: 'second' } },
      });
      await until(() => agree([first, second]));

      const server = (first.app as INestApplication<Server>).getHttpServer();
      const { body } = await request(server).get('/peers').expect(200);

      const { id, port } = second.membership.self;
      expect(body).toMatchObject([
        { id, ip: '127.0.0.1', port, data: { name: 'second' }, state: 'alive' },
      ]);
      const since = Date.parse((body as { since: string }[])[0]!.since);
      expect(since).toBeGreaterThanOrEqual(started);
      expect(since).toBeLessThanOrEqual(Date.now());
    },
  );

  it('are the same for a newcomer, whatever a handler does with the sender', async () => {
    const seed = await startPeer({ providers: [Vandal] });
    const options = { peers: [seed.address] };
    const sender = await startPeer({
      options: { ...options, data: { name: 'sender' } },
    });
    await until(() => agree([seed, sender]));
    const { features } = sender.membership.self;
    const [peer] = sender.membership.peers();
    expect(await peer!.send({})).toEqual({ refused: true });

    const newcomer = await startPeer({ options });
    await until(() => agree([seed, sender, newcomer]));
    const seen = newcomer.membership.get(sender.membership.self.id);
    expect(seen).toMatchObject({ data: { name: 'sender' }, features });
  });

  it('are the same for others, whatever `authorize` does with the joiner', async () => {
    const asked: string[] = [];
    const seed = await startPeer({
      options: {
        security: {
          authorize: (peer) => {
            asked.push(peer.id);
            try {
              peer.data.name = 'changed';
            } catch {
              return true;
            }
            return true;
          },
        },
      },
    });
    const joiner = await startPeer({
      options: { peers: [seed.address], data: { name: 'joiner' } },
    });
    await until(() => agree([seed, joiner]));
    expect(asked).toContain(joiner.membership.self.id);
    const [seen] = seed.membership.peers();
    expect(seen!.data).toEqual({ name: 'joiner' });
  });

  it('are the same, whatever becomes of the result of a check', async () => {
    const first = await startPeer();
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    const { features } = second.membership.self;
    const [peer] = first.membership.peers();
    const health = first.app.get(HealthCheckService, { strict: false });
    const status = await health.check(peer);
    expect(() => (status.features as string[]).pop()).toThrow(TypeError);
    expect(peer!.features).toEqual(features);
  });
});
