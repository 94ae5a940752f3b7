import { Controller, Injectable, Post, Scope } from '@nestjs/common';
import { OnPeerEvent, PeerCloudModule } from '../../../src/index.js';
import { freePort } from '../../../demo/free-port.js';
import { until } from '../../support/until.js';
import { LogLines } from '../protocol/support/log-lines.js';
import { createProtocolApp } from '../protocol/support/protocol-app.js';
import {
  agree,
  checkUntil,
  closePeers,
  cutOff,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from './support/peer-app.js';

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @OnPeerEvent('peer.joined')
  never(): void {}
}

@Controller()
class OwnStatus {
  @Post('status')
  status() {
    return { healthy: true };
  }
}

describe('the log', () => {
  let logger: LogLines;

  beforeEach(() => {
    logger = new LogLines();
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await closePeers();
  });

  const start = (setup: PeerAppSetup = {}) => startPeer({ ...setup, logger });

  async function pair(): Promise<[PeerApp, PeerApp, string]> {
    const first = await start({ options: { id: 'first' } });
    const second = await start({
      options: { id: 'second', peers: [first.address] },
    });
    await until(() => agree([first, second]));
    return [first, second, `second at ${second.address}`];
  }

  it('says who joins, how large the cloud is, and who leaves', async () => {
    const [first, second, name] = await pair();
    expect(logger.of('log')).toEqual(
      expect.arrayContaining([
        'member of a cloud of 2 peers',
        `${name} joined`,
        `first at ${first.address} joined`,
      ]),
    );
    await second.close();
    await until(() => first.membership.peers().length === 0);
    expect(logger.of('log')).toEqual(
      expect.arrayContaining([
        `${name} left: it said so`,
        'in no cloud any more',
      ]),
    );
  });

  it('says that one answers no more', async () => {
    const [first, second, name] = await pair();
    cutOff(second);
    await checkUntil(first, () => first.membership.peers().length === 0);
    expect(logger.of('log')).toContain(`${name} left: it answers no more`);
  });

  it('says that another one is in its place', async () => {
    const [first, second, name] = await pair();
    cutOff(second);
    const peers = [first.address];
    const third = await start({ port: second.port, options: { peers } });
    await until(() => agree([first, third]));
    expect(logger.of('log')).toContain(
      `${name} left: another peer answers at its address`,
    );
  });

  it('says nothing at any level while nothing happens', async () => {
    const first = await start();
    const second = await start({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    expect(logger.of('debug')).toEqual([]);
    logger.lines.length = 0;
    let checks = 0;
    await checkUntil(first, () => ++checks > 20);
    expect(logger.lines).toEqual([]);
  });

  it('says nothing of its own address among the seeds', async () => {
    const port = await freePort();
    const peer = await start({
      port,
      options: { peers: [`127.0.0.1:${port}`, `localhost:${port}`] },
    });
    await peer.membership.whenJoined();
    expect(logger.of('debug')).toEqual([]);
    expect(logger.of('warn')).toEqual([]);
    expect(logger.of('log').join()).not.toMatch(/let in|let this peer in/);
  });

  it('warns of a second living peer with its id, at both of them', async () => {
    const options = { id: 'same' };
    const first = await start({ options });
    const peers = [first.address];
    await start({ options: { ...options, peers } });
    await until(() => logger.of('warn').length === 2);
    expect(logger.of('warn')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Refused to let in same .*\(ID_TAKEN\): .*option id/,
        ),
        expect.stringMatching(
          /did not let this peer in: .* id same: .*option id/,
        ),
      ]),
    );
  });

  it('names the option that keeps a peer on a port below 1024 out', async () => {
    const peer = await start();
    const response = await fetch(`http://${peer.address}/join`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'web', ip: '127.0.0.1', port: 80 }),
    });
    expect(await response.json()).toMatchObject({ status: 'rejected' });
    expect(logger.of('log')).toContainEqual(
      expect.stringMatching(
        /^Refused to let in web .* at 127\.0\.0\.1:80 .*addresses\.privilegedPorts/,
      ),
    );
  });

  it('follows each step at debug level with NODE_DEBUG=peercloud', async () => {
    vi.stubEnv('NODE_DEBUG', 'http,peercloud');
    const [first, second] = await pair();
    await first.membership.update({ n: 1 });
    await second.close();
    const lines = logger.of('debug').join('\n');
    const steps = [
      `POST /join to ${first.address}: 200`,
      `POST /join of second from 127.0.0.1: 200`,
      `POST /status to ${second.address}: 200`,
      `POST /update to ${second.address}: 200`,
      'POST /update of first from 127.0.0.1: 200',
      `first at ${first.address} is described anew`,
      'Leaving: notifying 1 members',
      `POST /left to ${first.address}: 200`,
      'POST /left of second from 127.0.0.1: 200',
      'Left: all members have heard of it, or had their time',
    ];
    for (const step of steps) {
      expect(lines).toContain(step);
    }
  });

  it('warns of an open cloud that others can reach, once', async () => {
    await start({ host: '0.0.0.0' });
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(
        /^anybody who reaches 0\.0\.0\.0:.*give the option security/,
      ),
    ]);
  });

  it('warns of a handler that hears nothing', async () => {
    await start({ providers: [PerRequest] });
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/^PerRequest\.never never .* singleton$/),
    ]);
  });

  it('warns in an application context where nothing listens', async () => {
    await start({ place: 'worker', module: PeerCloudModule.forRoot() });
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(
        /^nobody can reach this peer.*Give it the option listener/,
      ),
    ]);
  });

  it('warns of a loopback address that peers on other hosts are given, once', async () => {
    const peer = await createProtocolApp({ options: { ip: '127.0.0.1' } });
    for (const host of [7, 8]) {
      const ip = `10.0.0.${host}`;
      peer.transport.answer(`${ip}:9338`, ip);
      await peer.post('/join', { id: ip, ip, port: 9338 });
    }
    expect(peer.core.members()).toHaveLength(2);
    const warnings = peer.logs.of('warn');
    expect(warnings.filter((line) => line.includes('10.0.0.'))).toEqual([
      expect.stringMatching(
        /known to others as 127\.0\.0\.1:.* but 10\.0\.0\.7:9338 .*give the option ip/,
      ),
    ]);
    await peer.close();
  });

  it('warns, as soon as it listens, of what stands in the way of others', async () => {
    await start({ controllers: [OwnStatus] });
    const warnings = await until(
      () => logger.of('warn').length > 0 && logger.of('warn'),
    );
    expect(warnings).toEqual([
      expect.stringMatching(
        /POST \/status .*a route of the app's own.*listener/,
      ),
    ]);
  });

  it('warns where the address that others are told leads nowhere', async () => {
    await start({ options: { ip: '127.0.0.3', port: 1 } });
    const warnings = await until(
      () => logger.of('warn').length > 0 && logger.of('warn'),
    );
    expect(warnings).toEqual([
      expect.stringMatching(
        /POST \/status at 127\.0\.0\.3:1: nobody listens there: the options ip and port .*NAT/,
      ),
    ]);
  });
});
