import { request } from 'node:http';
import {
  Injectable,
  type OnModuleInit,
  type INestApplication,
} from '@nestjs/common';
import { MembershipService, PEER_HTTP_SERVICE } from '../../../src/index.js';
import { OwnListener } from '../../../src/listener/index.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type AdapterName,
} from './support/peer-app.js';

afterEach(closePeers);

const ADAPTERS: AdapterName[] = ['express', 'fastify'];

/** Status of a POST, with as many bytes of headers. */
function post(port: number, path: string, headerBytes = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-padding': 'x'.repeat(headerBytes) };
    const outgoing = request(
      { port, host: '127.0.0.1', path, method: 'POST', headers, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode!));
      },
    );
    outgoing.on('error', reject).end();
  });
}

describe.each(ADAPTERS)('the own listener on %s', (adapter) => {
  it('bounds what callers can send and hold', async () => {
    const { port } = await startPeer({
      adapter,
      place: 'own listener',
      options: { limits: { maxHeaderBytes: 4096 } },
    });
    expect(await post(port, '/status', 2000)).toBe(200);
    expect(await post(port, '/status', 8000)).toBe(431);
  });

  it('answers nothing but the protocol', async () => {
    const { port } = await startPeer({ adapter, place: 'own listener' });
    expect(await post(port, '/anything')).toBe(404);
    expect(await post(port, '/')).toBe(404);
  });

  it('runs no hook of the services that it borrows', async () => {
    @Injectable()
    class Witness implements OnModuleInit {
      started = 0;
      onModuleInit(): void {
        this.started++;
      }
    }
    const peer = await startPeer({
      adapter,
      place: 'own listener',
      providers: [Witness],
    });
    let completed = 0;
    peer.membership.events$.subscribe({ complete: () => completed++ });
    await peer.app.get(OwnListener, { strict: false }).close();
    expect(completed).toBe(0);
    expect(peer.app.get(Witness).started).toBe(1);
    await peer.close();
    expect(completed).toBe(1);
  });
});

describe('what the module offers', () => {
  it('exports its services, and its HttpService for interceptors', async () => {
    const first = await startPeer();
    const http = first.app.get(PEER_HTTP_SERVICE, { strict: false });
    const urls: string[] = [];
    http.axiosRef.interceptors.request.use((config: { url: string }) => {
      urls.push(config.url);
      return config;
    });
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    expect(urls).toContain(`http://${second.address}/status`);
  });

  it('an app that only calls init() answers, and joins nobody', async () => {
    const first = await startPeer();
    const peer = await startPeer({
      options: { peers: [first.address] },
      listen: false,
    });
    const core = peer.app.get(MEMBERSHIP_CORE, { strict: false });
    const membership = peer.app.get(MembershipService, { strict: false });
    const server = (peer.app as INestApplication).getHttpServer();
    await new Promise<void>((resolve) =>
      server.listen(0, '127.0.0.1', resolve),
    );
    expect(await post(server.address().port, '/status')).toBe(200);
    expect(membership.peers()).toEqual([]);
    expect(core.self.port).toBe(0);
  });
});
