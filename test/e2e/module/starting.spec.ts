import { createServer, type RequestListener } from 'node:http';
import {
  Injectable,
  type INestApplication,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  MembershipService,
  OnPeerEvent,
  OnPeerMessage,
} from '../../../src/index.js';
import { LogLines } from '../protocol/support/log-lines.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type AdapterName,
  type Place,
} from './support/peer-app.js';

afterEach(closePeers);

const WAYS: [AdapterName, Place][] = [
  ['express', 'mounted'],
  ['fastify', 'mounted'],
  ['express', 'own listener'],
  ['fastify', 'own listener'],
];

/** How often the other peer looks for the one that is starting: joining takes a few of these rounds. */
const ROUNDS = 60;

/** Another module of the app, which takes its time to get ready and writes down what it hears meanwhile. */
@Injectable()
class SlowModule implements OnApplicationBootstrap {
  static getReady: () => Promise<void>;
  static readonly heard: string[] = [];

  async onApplicationBootstrap(): Promise<void> {
    await SlowModule.getReady();
    SlowModule.heard.push('ready');
  }

  @OnPeerMessage('hello')
  hello() {
    SlowModule.heard.push('message');
  }

  @OnPeerEvent('peer.joined')
  joined() {
    SlowModule.heard.push('peer.joined');
  }
}

describe.each(WAYS)('a slow start on %s, %s', (adapter, place) => {
  it('delivers nothing before all of the app is up', async () => {
    const other = await startPeer();
    SlowModule.heard.length = 0;
    let membersWhileStarting: number | undefined;
    SlowModule.getReady = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const url = `http://${other.address}/status`;
        await (await fetch(url, { method: 'POST' })).text();
        for (const peer of other.membership.peers()) {
          await peer.send({ type: 'hello' }).catch(() => undefined);
        }
      }
      membersWhileStarting = other.membership.peers().length;
    };
    const peer = await startPeer({
      adapter,
      place,
      providers: [SlowModule],
      options: { peers: [other.address] },
    });
    expect(membersWhileStarting).toBe(0);
    await until(() => agree([peer, other]));
    await other.membership.peers()[0]!.send({ type: 'hello' });
    await until(() => SlowModule.heard.length === 3);
    expect(SlowModule.heard[0]).toBe('ready');
    expect(SlowModule.heard.toSorted()).toEqual([
      'message',
      'peer.joined',
      'ready',
    ]);
  });
});

describe('an app that does not listen', () => {
  it.each<AdapterName>(['express', 'fastify'])(
    'but has a server of its own, hears what to call, %s',
    async (adapter) => {
      const logger = new LogLines();
      const peer = await startPeer({ adapter, logger, listen: false });
      const app = peer.app as INestApplication;
      const handler = (
        adapter === 'express'
          ? app.getHttpAdapter().getInstance()
          : app.getHttpServer().listeners('request')[0]
      ) as RequestListener;
      const server = createServer(handler).listen(0, '127.0.0.1');
      try {
        const warning = await until(() => logger.of('warn')[0]);
        expect(warning).toMatch(/app\.listen\(\).*option listener/);
      } finally {
        server.close();
      }
    },
  );

  it('hears nothing of the kind where it listens in time, or has a listener', async () => {
    for (const place of ['mounted', 'own listener'] as const) {
      const logger = new LogLines();
      const peer = await startPeer({ logger, place });
      await peer.app.get(MembershipService, { strict: false }).whenJoined();
      await peer.close();
      expect(logger.of('warn')).toEqual([]);
    }
  });
});
