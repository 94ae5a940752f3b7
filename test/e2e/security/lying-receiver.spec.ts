import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';

let server: Server | undefined;

afterEach(async () => {
  await closePeers();
  server?.closeAllConnections();
  server?.close();
});

/** Lets everybody in, under an id of its own choice. */
async function serve(assigned: string): Promise<string> {
  server = createServer((request, response) => {
    const answer =
      request.url === '/join'
        ? { status: 'joined', id: assigned, self: { id: 'liar' }, peers: [] }
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
});
