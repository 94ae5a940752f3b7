import { generateKeyPairSync } from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import { AddressPolicy } from '../addresses/address-policy.js';
import { resolveAddressOptions } from '../addresses/address.options.js';
import {
  Ed25519Keyring,
  type Keyring,
  SecretKeyring,
} from '../keys/keyring.js';
import { PeerSecurity } from '../peer-security.js';
import {
  resolveSecurityOptions,
  type SecurityOptions,
} from '../security.options.js';
import { signAnswer, verifyAnswer } from './answer-signature.js';

/** Signs and verifies with the library of http-message-signatures what we verify and sign. */
const secret = 'a secret of thirty-two characters';
const pair = generateKeyPairSync('ed25519');
const body = Buffer.from('{"hello":"world"}');

const KINDS: [string, SecurityOptions, Keyring][] = [
  ['HMAC-SHA256', { secret }, new SecretKeyring([secret])],
  [
    'Ed25519',
    { privateKey: pair.privateKey, trustedKeys: [pair.publicKey] },
    new Ed25519Keyring(pair.privateKey, []),
  ],
];

describe.each(KINDS)('with %s', (_name, options, keyring) => {
  const selfId = keyring.peerId ?? 'peer-1';
  const security = new PeerSecurity({
    security: resolveSecurityOptions(options, 'security'),
    addresses: new AddressPolicy(resolveAddressOptions({}, 'addresses'), true),
    selfId: () => selfId,
    fixedId: false,
    maxPeers: 10,
    logger: { warn: (message) => expect.fail(message) },
  });
  const theirKey = {
    id: keyring.keyId,
    sign: async (base: Buffer) => keyring.sign(base.toString()),
  };
  const keyLookup = async (parameters: { keyid?: string }) => ({
    id: parameters.keyid,
    verify: async (base: Buffer, signature: Buffer) =>
      keyring.refusal(parameters.keyid!, selfId, base.toString(), signature) ===
      undefined,
  });

  function ourRequest() {
    const { headers } = security.exchange.sign({
      origin: 'http://10.0.0.1:9338',
      method: 'POST',
      path: '/message',
      body,
      receiverId: selfId,
    });
    return { method: 'POST', url: 'http://10.0.0.1:9338/message', headers };
  }

  it('the library verifies our requests', async () => {
    expect(
      await httpbis.verifyMessage(
        {
          keyLookup,
          requiredParams: ['created', 'expires', 'nonce', 'keyid', 'tag'],
          requiredFields: [
            '@method',
            '@path',
            'content-digest',
            'x-peercloud-id',
            'x-peercloud-to',
          ],
        },
        ourRequest(),
      ),
    ).toBe(true);
  });

  it('the library verifies our answers with their requests', async () => {
    const request = ourRequest();
    const headers = signAnswer(
      {
        keyring,
        selfId,
        boot: 'boot-1',
        requestSignature: request.headers.signature!,
        now: Date.now(),
      },
      200,
      body,
    );
    expect(
      await httpbis.verifyMessage(
        { keyLookup },
        { status: 200, headers },
        request,
      ),
    ).toBe(true);
    const other = ourRequest();
    await expect(
      httpbis.verifyMessage({ keyLookup }, { status: 200, headers }, other),
    ).resolves.toBe(false);
  });

  it("our verifier lets in the library's requests", async () => {
    const created = new Date();
    const digest = ourRequest().headers['content-digest']!;
    const signed = await httpbis.signMessage(
      {
        key: theirKey,
        name: 'peercloud',
        fields: [
          '@method',
          '@path',
          'content-digest',
          'x-peercloud-id',
          'x-peercloud-to',
        ],
        params: ['created', 'expires', 'nonce', 'keyid', 'tag'],
        paramValues: {
          created,
          expires: new Date(created.getTime() + 30_000),
          nonce: `${Date.now()}.7`,
          tag: 'peercloud',
        },
      },
      {
        method: 'POST',
        url: 'http://10.0.0.1:9338/message',
        headers: {
          'content-digest': digest,
          'x-peercloud-id': selfId,
          'x-peercloud-to': selfId,
        },
      },
    );
    const headers = Object.fromEntries(
      Object.entries(signed.headers).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    );
    expect(
      await security.verifier.verify({
        method: 'POST',
        path: '/message',
        headers,
        raw: body,
        remoteAddress: '10.0.0.2',
      }),
    ).toMatchObject({ ok: true });
  });

  it("we take the library's answers", async () => {
    const request = ourRequest();
    const signed = await httpbis.signMessage(
      {
        key: theirKey,
        name: 'peercloud',
        fields: [
          '@status',
          'content-digest',
          'x-peercloud-id',
          'signature;req;key="peercloud"',
        ],
        params: ['created', 'keyid', 'tag'],
        paramValues: { tag: 'peercloud' },
      },
      {
        status: 200,
        headers: {
          'content-digest': request.headers['content-digest']!,
          'x-peercloud-id': selfId,
        },
      },
      request,
    );
    const headers = Object.fromEntries(
      Object.entries(signed.headers).map(([name, value]) => [
        name.toLowerCase(),
        String(value),
      ]),
    );
    const answer = { status: 200, headers, body };
    expect(verifyAnswer(keyring, request.headers.signature!, answer)).toBe(
      selfId,
    );
  });
});
