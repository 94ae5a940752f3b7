import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CertificateAuthority } from '../../test/support/certificates.js';
import { HttpPeerTransport } from './http/http-peer.transport.js';
import {
  createPeerHttpService,
  type PeerHttpService,
} from './http/peer-http.service.js';
import { TlsReloader } from './tls-reloader.js';
import {
  resolveTlsOptions,
  secureContextOptions,
  type TlsOptions,
  tlsServerOptions,
} from './tls.options.js';

const authority = new CertificateAuthority();
const ca = authority.cert;
const byAddress = authority.issue('127.0.0.1');
const byName = authority.issue('peers.internal');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    await cleanup();
  }
});

const resolve = (options: TlsOptions) => resolveTlsOptions(options, 'tls')!;

async function serve(options: TlsOptions): Promise<Server & { port: number }> {
  const tls = resolve(options);
  const server = createServer(
    tlsServerOptions(tls, tls.materials),
    (request, response) => {
      const { authorized } = request.socket as TLSSocket;
      response.end(JSON.stringify({ authorized }));
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return Object.assign(server, {
    port: (server.address() as AddressInfo).port,
  });
}

function client(options: TlsOptions) {
  const http: PeerHttpService = createPeerHttpService({
    timeout: 10_000,
    maxAnswerBytes: 10_000,
    connectionsPerPeer: 1,
    maxConnectedPeers: 2,
    maxRequestsToPeer: 100,
    maxHeaderBytes: 16 * 1024,
    tls: resolve(options),
  });
  cleanups.push(() => http.destroy());
  const transport = new HttpPeerTransport(http, {
    selfId: () => 'me',
    maxAnswerBytes: 10_000,
  });
  const ask = (port: number) =>
    transport.request(
      { ip: '127.0.0.1', port, scheme: 'https' },
      'status',
      {},
      { timeout: 10_000 },
    );
  return { http, ask };
}

it('calls peers whose certificate has their address', async () => {
  const { port } = await serve({ ...byAddress, ca });
  expect(await client({ ...byAddress, ca }).ask(port)).toEqual({
    status: 200,
    body: { authorized: true },
  });
});

it('calls peers whose certificate has the name that is expected', async () => {
  const { port } = await serve({ ...byName, ca });
  const right = client({ ...byName, ca, servername: 'peers.internal' });
  expect((await right.ask(port)).status).toBe(200);
  await expect(client({ ...byName, ca }).ask(port)).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
});

it('refuses a certificate of another authority, on both sides', async () => {
  const other = new CertificateAuthority('another authority');
  const foreign = other.issue('127.0.0.1');
  const { port } = await serve({ ...byAddress, ca });
  await expect(
    client({ ...byAddress, ca: other.cert }).ask(port),
  ).rejects.toMatchObject({ name: 'TransportError', code: 'UNREACHABLE' });
  await expect(client({ ...foreign, ca }).ask(port)).rejects.toMatchObject({
    name: 'TransportError',
  });
  await expect(client({ ca }).ask(port)).rejects.toMatchObject({
    name: 'TransportError',
  });
});

it('asks nobody for a certificate unless told to', async () => {
  const { port } = await serve({ ...byAddress, ca, mutual: false });
  expect((await client({ ca }).ask(port)).status).toBe(200);
});

it('uses renewed certificates without a restart', async () => {
  const renewed = new CertificateAuthority('renewed authority');
  const materials = { ...renewed.issue('127.0.0.1'), ca: renewed.cert };
  const server = await serve({ ...byAddress, ca });
  const { http, ask } = client({ ...byAddress, ca });
  await ask(server.port);
  const log: string[] = [];
  const note = (message: string) => void log.push(message);
  let next: object = { ...materials, cert: 'no certificate' };
  const reloader = new TlsReloader(
    resolve({ ...byAddress, ca, reload: () => next }),
    { log: note, warn: note },
  );
  reloader.onChange((changed) => {
    server.setSecureContext(secureContextOptions(changed));
    http.replaceTls(changed);
  });
  expect(await reloader.reload()).toBe(false);
  expect(log.at(-1)).toMatch(/stay as they are: .*cannot be used/);
  next = materials;
  expect(await reloader.reload()).toBe(true);
  expect(reloader.materials).toEqual(materials);
  expect(await reloader.reload()).toBe(false);
  expect((await ask(server.port)).status).toBe(200);
  await expect(client({ ...byAddress, ca }).ask(server.port)).rejects.toThrow();
});

it('keeps its certificates whatever the call for others throws', async () => {
  const warn = vi.fn<(message: string) => void>();
  const reload = () => {
    const thrown: unknown = Object.create(null);
    throw thrown;
  };
  const reloader = new TlsReloader(resolve({ ...byAddress, ca, reload }), {
    log: vi.fn(),
    warn,
  });
  expect(await reloader.reload()).toBe(false);
  expect(warn).toHaveBeenCalledTimes(1);
});

describe('the options', () => {
  it.each<[unknown, RegExp]>([
    [{}, /^tls: .*give cert and key/],
    [{ cert: byAddress.cert }, /^tls: .*cert and key go together/],
    [{ ...byAddress, key: byName.key }, /^tls: .*cannot be used/],
    [{ ca: 'nothing', cert: 'x', key: 'y' }, /^tls: .*cannot be used/],
    [{ ca, mutual: 'yes' }, /^tls\.mutual: /],
    [{ ca, reload: '/etc/cert' }, /^tls\.reload: /],
    [{ ca, reloadInterval: 1 }, /^tls\.reloadInterval: /],
    [{ ca, certificate: 'x' }, /^tls\.certificate: /],
    [true, /^tls: /],
  ])('refuse %#', (options, message) => {
    expect(() => resolveTlsOptions(options, 'tls')).toThrow(message);
  });

  it('show no key', () => {
    const key = 'PRIVATE-TEXT';
    expect(() => resolve({ cert: 'x', key })).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining(key) as string,
      }),
    );
  });

  it('are undefined where there are none', () => {
    expect(resolveTlsOptions(undefined, 'tls')).toBeUndefined();
  });
});
