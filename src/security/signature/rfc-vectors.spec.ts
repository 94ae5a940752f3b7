import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { Ed25519Keyring } from '../keys/keyring.js';
import { keyThumbprint } from '../keys/key-input.js';
import {
  componentList,
  contentDigest,
  signatureBase,
  type SignedComponent,
} from './signature-format.js';

/** RFC 9421, appendix B.2: the request that its examples sign. */
const REQUEST: Record<string, string> = {
  '"date"': 'Tue, 20 Apr 2021 02:07:55 GMT',
  '"@method"': 'POST',
  '"@path"': '/foo',
  '"@authority"': 'example.com',
  '"content-type"': 'application/json',
  '"content-length"': '18',
};

function components(...names: string[]): SignedComponent[] {
  return names.map((name) => [`"${name}"`, REQUEST[`"${name}"`]!]);
}

describe('RFC 9421', () => {
  it('B.2.5: HMAC-SHA256', () => {
    const secret = Buffer.from(
      'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
      'base64',
    );
    const covered = components('date', '@authority', 'content-type');
    const base = signatureBase(
      covered,
      `${componentList(covered)};created=1618884473;keyid="test-shared-secret"`,
    );
    expect(base).toBe(
      `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@authority": example.com
"content-type": application/json
"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
    );
    expect(createHmac('sha256', secret).update(base).digest('base64')).toBe(
      'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    );
  });

  it('B.2.6: Ed25519', () => {
    const privateKey = createPrivateKey(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`);
    const keyring = new Ed25519Keyring(privateKey, []);
    const covered = components(
      'date',
      '@method',
      '@path',
      '@authority',
      'content-type',
      'content-length',
    );
    const base = signatureBase(
      covered,
      `${componentList(covered)};created=1618884473;keyid="test-key-ed25519"`,
    );
    const signature =
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
    expect(keyring.sign(base).toString('base64')).toBe(signature);
    const { keyId, peerId } = keyring;
    expect(
      keyring.refusal(keyId, peerId, base, Buffer.from(signature, 'base64')),
    ).toBeUndefined();
  });
});

it('RFC 9530, appendix B: the digest of a body', () => {
  expect(contentDigest(Buffer.from('{"hello": "world"}\n'))).toBe(
    'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
  );
  expect(contentDigest(Buffer.alloc(0))).toBe(contentDigest(undefined));
});

it('RFC 8037, appendix A.3: the thumbprint of an Ed25519 key', () => {
  const key = createPublicKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
    format: 'jwk',
  });
  expect(keyThumbprint(key)).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});
