import { generateKeyPairSync } from 'node:crypto';
import type { PeerCloudOptions } from '../../../src/index.js';
import { signAnswer } from '../../../src/security/signature/answer-signature.js';
import { Ed25519Keyring } from '../../../src/security/keys/keyring.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { agree } from '../module/support/peer-app.js';
import { serve } from './support/plain-server.js';
import {
  endSignedCloud,
  expectBare401,
  handled,
  idOf,
  startCloud,
  transportOf,
} from './support/signed-cloud.js';
import { bootOf, forge, replay } from './support/wire.js';

afterEach(endSignedCloud);

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
    await expectBare401(alice, attack, 'key of another peer');
    const eviction = { id: idOf(bob) };
    await expectBare401(
      alice,
      forge(idOf(bob), idOf(alice), '/left', eviction, { keyring }),
      'key of another peer',
    );
    expect(agree([alice, bob, carol])).toBe(true);
    expect(handled).toEqual([]);
  });

  it.each<[string, number, JsonObject]>([
    ['without a name', 200, { online: true }],
    ['under its name', 200, { id: 'bob', online: true }],
    ['with a refusal', 429, { statusCode: 429, code: 'TOO_MANY_REQUESTS' }],
  ])(
    'cannot answer for another at its address, %s',
    async (_how, status, said) => {
      const { alice, bob } = await startCloud(optionsOf);
      const keyring = new Ed25519Keyring(keys[2]!.privateKey, trustedKeys);
      const port = await serve((request, response) => {
        const answer = said.id === 'bob' ? { ...said, id: idOf(bob) } : said;
        const body = Buffer.from(JSON.stringify(answer));
        const headers = signAnswer(
          {
            keyring,
            selfId: keyring.peerId,
            boot: undefined,
            requestSignature: String(request.headers.signature),
            now: Date.now(),
          },
          status,
          body,
        );
        const type = { 'content-type': 'application/json' };
        response.writeHead(status, { ...type, ...headers }).end(body);
      });
      const transport = transportOf(alice);
      const target = { ip: '127.0.0.1', port, id: idOf(bob) };
      await expect(
        transport.request(target, 'status', {}, { timeout: 10_000 }),
      ).rejects.toMatchObject({
        code: 'BAD_ANSWER',
        message: expect.stringContaining('is signed by') as string,
      });
    },
  );

  it.each<[string, (news: JsonObject) => [path: string, body: JsonObject]]>([
    ['/joined', (news) => ['/joined', news]],
    [
      'gossip',
      (news) => {
        const updates = [{ ...news, state: 'alive' }];
        return ['/status', { ext: { digest: '1:a', updates } }];
      },
    ],
    [
      '/sync',
      (news) => {
        const members = [{ ...news, state: 'alive' }];
        return ['/sync', { digest: '1:a', buckets: [], members }];
      },
    ],
  ])(
    'cannot change what others say about themselves, by %s',
    async (_way, write) => {
      const { alice, bob, carol } = await startCloud(optionsOf);
      const keyring = new Ed25519Keyring(keys[2]!.privateKey, trustedKeys);
      const { id, ip, port } = bob.membership.self;
      const [path, body] = write({
        id,
        ip,
        port,
        data: { role: 'forged' },
        features: ['update'],
        incarnation: Date.now() + 1000,
      });
      const boot = await bootOf(alice, idOf(carol), keyring);
      const attack = forge(idOf(carol), idOf(alice), path, body, {
        keyring,
        boot,
      });
      expect((await replay(alice, attack)).status).toBeLessThan(401);
      expect(alice.membership.get(id)?.data).toEqual({});
    },
  );

  it('needs a key that is trusted', async () => {
    const { alice } = await startCloud(optionsOf);
    const { privateKey } = generateKeyPairSync('ed25519');
    const keyring = new Ed25519Keyring(privateKey, []);
    const body = { id: keyring.peerId, port: 9 };
    await expectBare401(
      alice,
      forge(keyring.peerId, undefined, '/join', body, { keyring }),
      'unknown key',
    );
  });
});
