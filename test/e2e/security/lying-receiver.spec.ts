import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MembershipCore } from '../../../src/membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import type { JoinAnswer } from '../../../src/wire/bodies.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';

let server: Server | undefined;

afterEach(async () => {
  await closePeers();
  server?.closeAllConnections();
  server?.close();
});

/** Lets everybody in, under an id of its own choice, and says what it wants to of itself. */
async function serve(assigned: string, more: object = {}): Promise<string> {
  const self = { id: 'liar', ...more };
  server = createServer((request, response) => {
    const answer =
      request.url === '/join'
        ? { status: 'joined', id: assigned, self, peers: [] }
        : { id: 'liar', online: true };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an answer to /join', () => {
  it.each(['liar', 'somebody'])(
    'does not make a member of a cloud %s',
    async (assigned) => {
      const alice = await startPeer();
      const bob = await startPeer({ options: { peers: [alice.address] } });
      await until(() => agree([alice, bob]));
      const { id } = bob.membership.self;
      expect(await bob.membership.join([await serve(assigned)])).toBe(false);
      expect(bob.membership.self.id).toBe(id);
      expect(agree([alice, bob])).toBe(true);
    },
  );

  it('does not make a newcomer the receiver itself', async () => {
    const bob = await startPeer();
    const { id } = bob.membership.self;
    expect(await bob.membership.join([await serve('liar')])).toBe(false);
    expect(bob.membership.self.id).toBe(id);
  });

  it('gives a newcomer an id', async () => {
    const bob = await startPeer();
    expect(await bob.membership.join([await serve('somebody')])).toBe(true);
    expect(bob.membership.self.id).toBe('somebody');
  });

  it('gives no other id to a peer that has one of its own', async () => {
    const bob = await startPeer({ options: { id: 'bob' } });
    expect(await bob.membership.join([await serve('somebody')])).toBe(false);
    expect(bob.membership.self.id).toBe('bob');
  });

  it('gives no other id to a peer whose id is its key', async () => {
    const keys = [
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ed25519'),
    ];
    const trustedKeys = keys.map(({ publicKey }) => publicKey);
    const [alice, bob] = await Promise.all(
      keys.map(({ privateKey }) =>
        startPeer({ options: { security: { privateKey, trustedKeys } } }),
      ),
    );
    const { id } = bob!.membership.self;
    const core: MembershipCore = alice!.app.get(MEMBERSHIP_CORE, {
      strict: false,
    });
    const receive = core.receiveJoin.bind(core);
    core.receiveJoin = async (...join) => {
      const answer = await receive(...join);
      return { ...answer, id: 'somebody' } as JoinAnswer;
    };
    expect(await bob!.membership.join([alice!.address])).toBe(false);
    expect(bob!.membership.self.id).toBe(id);
  });

  it('does not push out a living peer at the address that the receiver names', async () => {
    const alice = await startPeer();
    const bob = await startPeer({ options: { peers: [alice.address] } });
    await until(() => agree([alice, bob]));
    const { id } = bob.membership.self;
    const place = { ip: '127.0.0.1', port: alice.port };
    await bob.membership.join([await serve(id, place)]);
    expect(bob.membership.get(alice.membership.self.id)?.port).toBe(alice.port);
    const gone = bob.events.filter(({ type }) => type === 'peer.left');
    expect(gone).toEqual([]);
  });
});
