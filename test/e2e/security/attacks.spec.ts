import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { PEER_TRANSPORT } from '../../../src/options/peer-cloud.tokens.js';
import { Ed25519Keyring } from '../../../src/security/keys/ed25519-keyring.js';
import { SecretKeyring } from '../../../src/security/keys/secret-keyring.js';
import type { PeerTransport } from '../../../src/transport/peer-transport.interface.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import {
  bootOf,
  forge,
  replay,
  SECRET,
  tap,
  type Captured,
} from './support/wire.js';

const handled: object[] = [];
const servers: Server[] = [];

@Injectable()
class Counter {
  @OnPeerMessage()
  count(body: object): object {
    handled.push(body);
    return { count: handled.length };
  }
}

beforeEach(() => void (handled.length = 0));

afterEach(async () => {
  await closePeers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Two members, and one whose requests are seen on their way. */
async function startCloud(
  securityOf: (index: number) => PeerCloudOptions = () => ({
    security: { secret: SECRET },
  }),
) {
  const providers = [Counter];
  const optionsOf = (index: number): PeerCloudOptions => ({
    ...securityOf(index),
    messaging: { stream: false },
  });
  const alice = await startPeer({ providers, options: optionsOf(0) });
  const rest = [1, 2].map((index) =>
    startPeer({
      providers,
      options: { ...optionsOf(index), peers: [alice.address] },
    }),
  );
  const [bob, carol] = (await Promise.all(rest)) as [PeerApp, PeerApp];
  await until(() => agree([alice, bob, carol]));
  return { alice, bob, carol };
}

async function serve(
  answer: Parameters<typeof createServer>[1],
): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function expectBare401(
  peer: { port: number },
  attack: Captured,
): Promise<void> {
  const { status, headers, text } = await replay(peer, attack);
  expect(status).toBe(401);
  expect(headers.get('accept-signature')).toMatch(
    /^peercloud=\(.*tag="peercloud"$/,
  );
  expect(headers.has('signature')).toBe(false);
  expect(JSON.parse(text)).toEqual({
    statusCode: 401,
    error: 'Unauthorized',
    message: 'Unauthorized',
  });
}

const idOf = ({ membership }: PeerApp) => membership.self.id;

describe('somebody on the wire of a signed cloud', () => {
  it('gains nothing by repeating or changing what was captured', async () => {
    const { alice, bob, carol } = await startCloud();
    const captured = tap(bob);
    await bob.messaging.send(idOf(alice), { pay: 1 });
    const message = captured.find(({ path }) => path === '/message')!;
    const others = { ...message, body: Buffer.from('{"pay":1000}') };
    const header = (name: string, value?: string): Captured => {
      const { [name]: _old, ...headers } = message.headers;
      return {
        ...message,
        headers: value === undefined ? headers : { ...headers, [name]: value },
      };
    };
    const lists = [alice, carol].map(listOf);
    await expectBare401(alice, message);
    await expectBare401(carol, message);
    await expectBare401(alice, others);
    await expectBare401(alice, { ...message, path: '/left' });
    await expectBare401(alice, { ...message, path: '/message?x' });
    await expectBare401(alice, header('x-peercloud-id', idOf(carol)));
    await expectBare401(alice, header('x-peercloud-to'));
    await expectBare401(carol, header('x-peercloud-to', idOf(carol)));
    await expectBare401(alice, header('signature'));
    await expectBare401(alice, header('signature-input'));
    await expectBare401(alice, header('content-digest'));
    const unsigned = { 'x-peercloud-id': idOf(bob) };
    await expectBare401(alice, { ...message, headers: unsigned });
    expect(handled).toEqual([{ pay: 1 }]);
    expect([alice, carol].map(listOf)).toEqual(lists);
  });

  it('cannot use a late, an early or a foreign signature', async () => {
    const { alice, bob } = await startCloud();
    const message = { pay: 1 };
    const attacks = [
      { clockError: -60_000 },
      { clockError: 60_000 },
      { keyring: new SecretKeyring(['another secret than that of the cloud']) },
    ];
    for (const attack of attacks) {
      const sent = forge(idOf(bob), idOf(alice), '/message', message, attack);
      await expectBare401(alice, sent);
    }
    expect(handled).toEqual([]);
  });

  it('cannot pass one answer off as another', async () => {
    const { alice, bob } = await startCloud();
    const mine = forge(idOf(bob), idOf(alice), '/status', {});
    const recorded = await replay(alice, mine);
    expect(recorded.status).toBe(200);
    const port = await serve((_request, response) => {
      const headers = Object.fromEntries(recorded.headers);
      response.writeHead(200, headers).end(recorded.text);
    });
    const transport = bob.app.get<PeerTransport>(PEER_TRANSPORT, {
      strict: false,
    });
    await expect(
      transport.request(
        { ip: '127.0.0.1', port, id: idOf(alice) },
        'status',
        {},
        { timeout: 10_000 },
      ),
    ).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });

  it.each([200, 401, 403, 404, 500])(
    'cannot have an unsigned %i taken for a verdict',
    async (status) => {
      const { alice, bob } = await startCloud();
      const port = await serve((_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end('{"id":"x","code":"UNKNOWN_SENDER","online":true}');
      });
      const transport = bob.app.get<PeerTransport>(PEER_TRANSPORT, {
        strict: false,
      });
      for (const endpoint of ['status', 'message', 'sync'] as const) {
        const target = { ip: '127.0.0.1', port, id: idOf(alice) };
        await expect(
          transport.request(target, endpoint, {}, { timeout: 10_000 }),
        ).rejects.toMatchObject({ code: 'BAD_ANSWER' });
      }
    },
  );
});

describe('a stranger', () => {
  it('who cannot sign makes a peer call nobody and change nothing', async () => {
    const { alice } = await startCloud();
    let calls = 0;
    const port = await serve((_request, response) => {
      calls++;
      response.end('{"online":true}');
    });
    const before = listOf(alice);
    for (const path of ['/join', '/joined', '/left', '/sync', '/update']) {
      const body = { id: before[0], ip: '127.0.0.1', port, data: {} };
      await expectBare401(alice, {
        path,
        headers: { 'x-peercloud-id': before[1]! },
        body: Buffer.from(JSON.stringify(body)),
      });
    }
    await expectBare401(alice, {
      path: '/join',
      headers: {},
      body: Buffer.from('no JSON at all'),
    });
    expect(calls).toBe(0);
    expect(listOf(alice)).toEqual(before);
  });

  it('brings in itself and nobody else, even with the secret', async () => {
    const { alice } = await startCloud();
    const body = { id: 'victim', ip: '127.0.0.1', port: 9, data: {} };
    const attack = forge('mallory', undefined, '/join', body);
    const { status, text } = await replay(alice, attack);
    expect([status, JSON.parse(text)]).toMatchObject([
      403,
      { code: 'NOT_YOURS' },
    ]);
  });
});

it('a peer with security and one without refuse each other', async () => {
  const open = await startPeer();
  const signed = await startPeer({
    options: { security: { secret: SECRET }, peers: [open.address] },
  });
  const other = await startPeer({ options: { peers: [signed.address] } });
  await Promise.all([signed, other].map((p) => p.membership.whenJoined()));
  for (const peer of [open, signed, other]) {
    expect(peer.membership.peers()).toEqual([]);
  }
});

describe('a member with a key of its own', () => {
  const keys = Array.from({ length: 3 }, () => generateKeyPairSync('ed25519'));
  const trustedKeys = keys.map(({ publicKey }) => publicKey);
  const optionsOf = (index: number): PeerCloudOptions => ({
    security: { privateKey: keys[index]!.privateKey, trustedKeys },
  });

  it('cannot speak as another', async () => {
    const { alice, bob, carol } = await startCloud(optionsOf);
    const keyring = new Ed25519Keyring(keys[2]!.privateKey, trustedKeys);
    expect(keyring.peerId).toBe(idOf(carol));
    const attack = forge(idOf(bob), idOf(alice), '/message', {}, { keyring });
    await expectBare401(alice, attack);
    const eviction = { id: idOf(bob) };
    await expectBare401(
      alice,
      forge(idOf(bob), idOf(alice), '/left', eviction, { keyring }),
    );
    expect(agree([alice, bob, carol])).toBe(true);
    expect(handled).toEqual([]);
  });

  it('cannot change what others say about themselves', async () => {
    const { alice, bob, carol } = await startCloud(optionsOf);
    const keyring = new Ed25519Keyring(keys[2]!.privateKey, trustedKeys);
    const { id, ip, port } = bob.membership.self;
    const news = {
      id,
      ip,
      port,
      data: { role: 'forged' },
      features: ['update'],
      incarnation: Date.now() + 1000,
    };
    const boot = await bootOf(alice, idOf(carol), keyring);
    const attack = forge(idOf(carol), idOf(alice), '/joined', news, {
      keyring,
      boot,
    });
    expect((await replay(alice, attack)).status).toBeLessThan(401);
    expect(alice.membership.get(id)?.data).toEqual({});
  });

  it('needs a key that is trusted', async () => {
    const { alice } = await startCloud(optionsOf);
    const { privateKey } = generateKeyPairSync('ed25519');
    const keyring = new Ed25519Keyring(privateKey, []);
    const body = { id: keyring.peerId, port: 9 };
    await expectBare401(
      alice,
      forge(keyring.peerId, undefined, '/join', body, { keyring }),
    );
  });
});
