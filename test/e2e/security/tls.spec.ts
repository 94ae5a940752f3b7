import { Agent, request as httpsRequest } from 'node:https';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { connect as tlsConnect } from 'node:tls';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type TlsOptions } from '../../../src/index.js';
import { TlsReloader } from '../../../src/transport/tls-reloader.js';
import { CertificateAuthority } from '../../support/certificates.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { closeFakePeers, fakePeer } from './support/fake-peer.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return { echo: body };
  }
}

const authority = new CertificateAuthority();
const ca = authority.cert;
const issue = () => authority.issue('127.0.0.1');

afterEach(() => Promise.all([closePeers(), closeFakePeers()]));

interface Setup {
  stream?: false;
  peers?: PeerApp[];
}

/** A peer with an own listener over https. */
function startSecure(
  tls: TlsOptions | undefined,
  { stream, peers = [] }: Setup = {},
): Promise<PeerApp> {
  return startPeer({
    place: 'own listener',
    providers: [Echo],
    options: {
      ...(tls && { tls }),
      ...(stream === false && { messaging: { stream } }),
      peers: peers.map(({ address }) => address),
    },
  });
}

/** What a server of TLS gets to see of a caller: its status, or the code of the failure. */
function call(
  make: () => ClientRequest,
  body: object = {},
): Promise<number | string> {
  return new Promise((resolve) => {
    const request = make();
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code ?? error.message),
    );
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.end(JSON.stringify(body));
  });
}

const statusOf = (
  port: number,
  client: object,
  { path = '/status', headers = {} } = {},
  body?: object,
) =>
  call(
    () =>
      httpsRequest({
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        ca,
        headers: { 'content-type': 'application/json', ...headers },
        agent: new Agent({ keepAlive: false }),
        ...client,
      }),
    body,
  );

/** Serial number of the certificate that is served at a port. */
function servedAt(port: number, client: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(
      { host: '127.0.0.1', port, ca, ...client },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

describe.each([{ mutual: false }, { mutual: true }])(
  'a cloud over https, mutual: $mutual',
  ({ mutual }) => {
    const own = (): TlsOptions => ({ ...issue(), ca, mutual });

    it.each<[string, { stream?: false }]>([
      ['by streams', {}],
      ['by /message', { stream: false }],
    ])('is a cloud like any other, %s', async (_lane, setup) => {
      const first = await startSecure(own(), setup);
      const second = await startSecure(own(), { ...setup, peers: [first] });
      const third = await startSecure(own(), { ...setup, peers: [second] });
      const peers = [first, second, third];
      await until(() => agree(peers));
      for (const { messaging } of peers) {
        const results = await messaging.broadcast({ n: 1 });
        expect(
          results.map((result) => 'value' in result && result.value),
        ).toEqual([{ echo: { n: 1 } }, { echo: { n: 1 } }]);
      }
      await third.close();
      await until(() => agree([first, second]));
    });

    it('has no place for a peer without TLS', async () => {
      const first = await startSecure(own());
      const second = await startSecure(own(), { peers: [first] });
      const plain = await startSecure(undefined, { peers: [first, second] });
      await plain.membership.whenJoined();
      await until(() => agree([first, second]));
      expect(plain.membership.peers()).toEqual([]);
      const asHttp = await call(() =>
        httpRequest({
          host: '127.0.0.1',
          port: first.port,
          path: '/status',
          method: 'POST',
        }),
      );
      expect(asHttp).not.toBe(200);
    });

    it('calls nobody without TLS, though a joiner or a member says so', async () => {
      const first = await startSecure(own());
      const second = await startSecure(own(), { peers: [first] });
      await until(() => agree([first, second]));
      const plain = await fakePeer({ id: 'plain' });
      const told = { id: 'plain', ip: '127.0.0.1', port: plain.port, data: {} };
      const sender = { 'x-peercloud-id': second.membership.self.id };
      const say = (path: string, headers = {}) =>
        statusOf(first.port, mutual ? issue() : {}, { path, headers }, told);
      expect(await say('/join')).toBe(200);
      expect(await say('/joined', sender)).toBe(200);
      expect(agree([first, second])).toBe(true);
      expect(plain.calls).toEqual([]);
    });
  },
);

it.each(['express', 'fastify'] as const)(
  'a cloud is mounted in apps that speak https (%s)',
  async (adapter) => {
    const start = (peers: PeerApp[] = []) => {
      const https = issue();
      return startPeer({
        adapter,
        https,
        providers: [Echo],
        options: {
          tls: { ...https, ca, mutual: false },
          peers: peers.map(({ address }) => address),
        },
      });
    };
    const first = await start();
    const second = await start([first]);
    await until(() => agree([first, second]));
    expect(await statusOf(first.port, {})).toBe(200);
    for (const by of [first, second]) {
      const results = await by.messaging.broadcast({ n: 1 });
      expect(results).toMatchObject([{ value: { echo: { n: 1 } } }]);
    }
  },
);

describe('mutual TLS', () => {
  it('refuses whoever has no certificate, or one of another authority', async () => {
    const peer = await startSecure({ ...issue(), ca });
    const foreign = new CertificateAuthority('another').issue('127.0.0.1');
    expect(await statusOf(peer.port, issue())).toBe(200);
    expect(await statusOf(peer.port, {})).toEqual(expect.any(String));
    expect(await statusOf(peer.port, foreign)).toEqual(expect.any(String));
  });

  it('keeps a peer of another authority out, in both directions', async () => {
    const other = new CertificateAuthority('another');
    const peer = await startSecure({ ...issue(), ca });
    const [foreign, half] = await Promise.all([
      startSecure(
        { ...other.issue('127.0.0.1'), ca: other.cert },
        { peers: [peer] },
      ),
      // It trusts the cloud's authority, which has not signed its own certificate.
      startSecure({ ...other.issue('127.0.0.1'), ca }, { peers: [peer] }),
    ]);
    await Promise.all([foreign, half].map((p) => p.membership.whenJoined()));
    for (const each of [peer, foreign, half]) {
      expect(each.membership.peers()).toEqual([]);
    }
  });
});

it('certificates are renewed without a restart', async () => {
  let current = issue();
  const tls = () => ({
    ...issue(),
    ca,
    reload: () => ({ ...current, ca }),
  });
  const first = await startSecure(tls());
  const second = await startSecure(tls(), { peers: [first] });
  await until(() => agree([first, second]));
  const { id } = first.membership.self;
  expect(await second.messaging.send(id, { n: 1 })).toEqual({ echo: { n: 1 } });
  const before = await servedAt(first.port, current);
  for (const renewed of [issue(), issue()]) {
    current = renewed;
    for (const { app } of [first, second]) {
      const reloader = app.get(TlsReloader, { strict: false });
      expect(await reloader.reload()).toBe(true);
    }
    expect(await second.messaging.send(id, { n: 2 })).toEqual({
      echo: { n: 2 },
    });
  }
  expect(await servedAt(first.port, current)).not.toBe(before);
  const third = await startSecure(tls(), { peers: [first] });
  await until(() => agree([first, second, third]));
});

it('certificates are asked for anew each tls.reloadInterval', async () => {
  let current = issue();
  const peer = await startSecure({
    ...current,
    ca,
    reload: () => ({ ...current, ca }),
    reloadInterval: 1000,
  });
  const before = await servedAt(peer.port, current);
  current = issue();
  await until(async () => (await servedAt(peer.port, current)) !== before);
});
