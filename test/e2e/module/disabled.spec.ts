import { Injectable } from '@nestjs/common';
import {
  HealthCheckService,
  OnPeerEvent,
  OnPeerMessage,
  PeerCloudModule,
} from '../../../src/index.js';
import {
  appPort,
  closePeers,
  startPeer,
  type AdapterName,
  type Place,
} from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Handlers {
  readonly heard: string[] = [];

  @OnPeerMessage('double')
  double({ n }: { n: number }) {
    return { twice: n * 2 };
  }

  @OnPeerEvent('cloud.joined')
  joined() {
    this.heard.push('cloud.joined');
  }
}

const PLACES: [AdapterName, Place][] = [
  ['express', 'mounted'],
  ['fastify', 'mounted'],
  ['express', 'own listener'],
  ['fastify', 'own listener'],
  ['express', 'worker'],
];

describe.each(PLACES)('enabled: false on %s, %s', (adapter, place) => {
  it('runs beside the app, and its services answer as in a cloud of one', async () => {
    const running = await startPeer({
      place: 'own listener',
      options: { id: 'running' },
    });
    const options = {
      enabled: false,
      peers: [running.address],
      ...(place !== 'mounted' && {
        listener: { port: running.port, host: '127.0.0.1' },
      }),
    };
    const script = await startPeer({
      adapter,
      place,
      options,
      providers: [Handlers],
    });
    await script.membership.whenJoined();
    expect(script.membership.isJoined).toBe(false);
    expect(script.membership.peers()).toEqual([]);
    expect(script.membership.get('running')).toBeUndefined();
    expect(await script.membership.join([running.address])).toBe(false);
    expect(await script.messaging.broadcast({ type: 'any' })).toEqual([]);
    await expect(script.messaging.send('running', {})).rejects.toMatchObject({
      code: 'NO_SUCH_PEER',
    });
    const { self } = script.membership;
    expect(await self.send({ type: 'double', n: 2 })).toEqual({ twice: 4 });
    await script.membership.update({ role: 'script' });
    expect(self.data).toEqual({ role: 'script' });
    await script.app.get(HealthCheckService, { strict: false }).check();
    if (place === 'mounted') {
      const url = `http://127.0.0.1:${appPort(script)}/status`;
      expect((await fetch(url, { method: 'POST' })).status).toBe(404);
    }
    await script.membership.leave();
    await script.close();
    expect(script.events).toEqual([]);
    expect(running.events).toEqual([]);
  });
});

describe('enabled: false', () => {
  it.each([undefined, false] as const)(
    'from a factory, with mount: %s',
    async (mount) => {
      const script = await startPeer({
        module: PeerCloudModule.forRootAsync({
          ...(mount === false && { mount }),
          useFactory: () => ({ enabled: false, peers: ['127.0.0.1:9'] }),
        }),
      });
      await script.membership.whenJoined();
      expect(script.membership.peers()).toEqual([]);
    },
  );
});
