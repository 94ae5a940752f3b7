import { Logger } from '@nestjs/common';
import { SecretKeyring } from '../../../src/security/keys/keyring.js';
import { listOf, startPeer } from '../module/support/peer-app.js';
import { serve } from './support/plain-server.js';
import {
  endSignedCloud,
  expectBare401,
  handled,
  idOf,
  startCloud,
  transportOf,
} from './support/signed-cloud.js';
import { forge, replay, SECRET, tap, type Captured } from './support/wire.js';

afterEach(endSignedCloud);

/** A header in place of the captured one; undefined: it is left out. */
function withHeader(name: string, value?: string) {
  return (captured: Captured): Captured => {
    const { [name]: _old, ...headers } = captured.headers;
    return {
      ...captured,
      headers: value === undefined ? headers : { ...headers, [name]: value },
    };
  };
}

describe('somebody on the wire of a signed cloud', () => {
  it('gains nothing by repeating what was captured, here or elsewhere', async () => {
    const { alice, bob, carol } = await startCloud();
    const captured = tap(bob);
    await bob.messaging.send(idOf(alice), { pay: 1 });
    const message = captured.find(({ path }) => path === '/message')!;
    const lists = [alice, carol].map(listOf);
    await expectBare401(alice, message, 'seen before');
    await expectBare401(carol, message, 'for another peer');
    expect(handled).toEqual([{ pay: 1 }]);
    expect([alice, carol].map(listOf)).toEqual(lists);
  });

  it.each<[string, (captured: Captured) => Captured, string]>([
    [
      'body',
      (message) => ({ ...message, body: Buffer.from('{"pay":1000}') }),
      'its body is not what was signed',
    ],
    ['path', (message) => ({ ...message, path: '/left' }), 'bad signature'],
    ['sender', withHeader('x-peercloud-id', 'carol'), 'bad signature'],
    [
      'receiver, left out',
      withHeader('x-peercloud-to'),
      'does not cover what it must',
    ],
    ['signature, left out', withHeader('signature'), 'cannot be read'],
    ['input, left out', withHeader('signature-input'), 'it is not signed'],
    ['digest, left out', withHeader('content-digest'), 'cannot be read'],
    [
      'signature, all of it',
      (message) => ({ ...message, headers: { 'x-peercloud-id': 'bob' } }),
      'it is not signed',
    ],
  ])(
    'gains nothing by holding back and changing: its %s',
    async (_what, change, reason) => {
      const { alice, bob } = await startCloud();
      const lists = listOf(alice);
      // Never delivered as it was, so that nothing but the change is wrong with it.
      const message = forge(idOf(bob), idOf(alice), '/message', { pay: 1 });
      await expectBare401(alice, change(message), reason);
      expect(handled).toEqual([]);
      expect(listOf(alice)).toEqual(lists);
      expect((await replay(alice, message)).status).toBe(200);
    },
  );

  it('gains nothing by sending it to another peer under that one’s name', async () => {
    const { alice, bob, carol } = await startCloud();
    const message = forge(idOf(bob), idOf(alice), '/message', { pay: 1 });
    const renamed = withHeader('x-peercloud-to', idOf(carol))(message);
    await expectBare401(carol, renamed, 'bad signature');
    expect(handled).toEqual([]);
  });

  it('gets one answer to each captured check, and no join for another', async () => {
    const { alice, bob, carol } = await startCloud();
    const check = forge(idOf(bob), idOf(alice), '/status', {});
    expect((await replay(carol, check)).status).toBe(200);
    await expectBare401(carol, check, 'seen before');
    const { id, ip, port } = bob.membership.self;
    const join = forge(idOf(bob), undefined, '/join', { id, ip, port });
    const lists = [alice, bob, carol].map(listOf);
    for (const peer of [alice, carol]) {
      expect((await replay(peer, join)).status).toBe(200);
      await expectBare401(peer, join, 'seen before');
    }
    expect([alice, bob, carol].map(listOf)).toEqual(lists);
    expect(alice.membership.get(id)).toMatchObject({ ip, port });
  });

  it('cannot use a late, an early or a foreign signature', async () => {
    const { alice, bob } = await startCloud();
    const message = { pay: 1 };
    const keyring = new SecretKeyring([
      'another secret than that of the cloud',
    ]);
    const attacks: [Parameters<typeof forge>[4], string][] = [
      [{ clockError: -60_000 }, 'it has expired'],
      [{ clockError: 60_000 }, 'it comes from the future'],
      [{ keyring }, 'unknown key'],
    ];
    for (const [attack, reason] of attacks) {
      const sent = forge(idOf(bob), idOf(alice), '/message', message, attack);
      await expectBare401(alice, sent, reason);
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
    const transport = transportOf(bob);
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
      const transport = transportOf(bob);
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
      const attack: Captured = {
        path,
        headers: { 'x-peercloud-id': before[1]! },
        body: Buffer.from(JSON.stringify(body)),
      };
      await expectBare401(alice, attack, 'it is not signed');
    }
    const noise: Captured = {
      path: '/join',
      headers: {},
      body: Buffer.from('no JSON at all'),
    };
    await expectBare401(alice, noise, 'it is not signed');
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

it('a peer with security and one without refuse each other, and each log says why', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const said = () => warn.mock.calls.splice(0).map(([line]) => String(line));
  const open = await startPeer();
  const signed = await startPeer({
    options: { security: { secret: SECRET }, peers: [open.address] },
  });
  await signed.membership.whenJoined();
  const atSigned = said();
  const other = await startPeer({ options: { peers: [signed.address] } });
  await other.membership.whenJoined();
  const atOther = said();
  warn.mockRestore();
  for (const peer of [open, signed, other]) {
    expect(peer.membership.peers()).toEqual([]);
  }
  // Each join is refused by its receiver, and the refusal is not believed, or understood, by its sender.
  const noOption = 'this peer has no security option: give both the same';
  for (const [lines, why] of [
    [atSigned, `it is signed, and ${noOption}`],
    [atSigned, 'it may be a peer without the security option'],
    [atOther, 'it is not signed'],
    [atOther, `its cloud is signed, and ${noOption}`],
  ] as const) {
    expect(lines).toContainEqual(expect.stringContaining(why));
  }
});
