import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import {
  checkUntil,
  closePeers,
  startPeer,
} from '../module/support/peer-app.js';
import { closeFakePeers, fakePeer, post } from './support/fake-peer.js';
import { whyRefused } from './support/refused-join.js';

const lookup = vi.spyOn(dns, 'lookup');

/** What a name leads to, now and at each later look; the last answer stays. */
function resolveTo(...answers: string[][]): void {
  const found = answers.map((addresses) =>
    addresses.map((address) => ({ address, family: 4 })),
  );
  const resolve = lookup as unknown as ReturnType<typeof vi.fn>;
  resolve.mockReset().mockResolvedValue(found.at(-1));
  for (const answer of found) {
    resolve.mockResolvedValueOnce(answer);
  }
}

beforeAll(syncBuiltinESMExports);

afterAll(() => {
  lookup.mockRestore();
  syncBuiltinESMExports();
});

afterEach(async () => {
  await Promise.all([closePeers(), closeFakePeers()]);
});

describe('a name in a /join', () => {
  it.each([
    '127.0.0.2',
    '::ffff:127.0.0.2',
    '169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '0.0.0.0',
    '8.8.8.8',
  ])('makes a peer call nobody at %s, which it leads to', async (address) => {
    resolveTo([address]);
    const peer = await startPeer({
      options: { addresses: { deny: ['127.0.0.2'] } },
    });
    const victim = await fakePeer({ id: 'x' });
    const join = { id: 'x', ip: 'rebind.example', port: victim.port };
    const why = await whyRefused(async () => {
      const { body } = await post(peer, '/join', join);
      expect(body).toMatchObject({
        status: 'rejected',
        error: { code: 'CHECK_FAILED' },
      });
    });
    expect(why).toMatch(/^its address /);
    expect(lookup).toHaveBeenCalledOnce();
    expect(victim.calls).toEqual([]);
    expect(peer.membership.peers()).toEqual([]);
  });

  it('keeps no more than one look-up of the process busy, however many there are', async () => {
    const resolve = lookup as unknown as ReturnType<typeof vi.fn>;
    const answers: (() => void)[] = [];
    resolve
      .mockReset()
      .mockImplementation(
        () =>
          new Promise((_resolve, reject) =>
            answers.push(() => reject(new Error('ETIMEOUT'))),
          ),
      );
    const peer = await startPeer();
    const joins = Array.from({ length: 20 }, (_, index) =>
      post(peer, '/join', { id: `x${index}`, ip: `nobody${index}.example` }),
    );
    for (const { body } of await Promise.all(joins)) {
      expect(body).toMatchObject({ error: { code: 'CHECK_FAILED' } });
    }
    expect(lookup).toHaveBeenCalledOnce();
    answers[0]!();
  });

  it('is looked up once: what was judged is what is called, then and later', async () => {
    resolveTo(['127.0.0.1'], ['169.254.169.254']);
    const peer = await startPeer({
      options: { healthCheck: false },
    });
    const joiner = await fakePeer({ id: 'x' });
    const join = { id: 'x', ip: 'rebind.example', port: joiner.port };
    const { body } = await post(peer, '/join', join);
    expect(body).toMatchObject({ status: 'joined', ip: '127.0.0.1' });
    const checks = joiner.count('/status');
    await checkUntil(peer, () => joiner.count('/status') >= checks + 2);
    expect(peer.membership.get('x')?.ip).toBe('127.0.0.1');
    expect(lookup).toHaveBeenCalledOnce();
  });
});
