import {
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its key, PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

const OID = {
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
};

const DAY = 86_400_000;

/** Makes certificates for tests, so that none has to be kept in the repository, and none runs out. */
export class CertificateAuthority {
  readonly #keys = newKey();
  readonly #name: Buffer;
  /** The authority's own certificate, PEM. */
  readonly cert: string;

  constructor(name = 'test authority') {
    this.#name = distinguishedName(name);
    const constraints = extension(
      OID.basicConstraints,
      sequence(der(0x01, [0xff])),
    );
    this.cert = this.#certify(this.#name, this.#keys.publicKey, constraints);
  }

  /** A certificate for these IPv4 addresses and DNS names. */
  issue(...names: string[]): Certificate {
    const { privateKey, publicKey } = newKey();
    const alternatives = names.map((name) =>
      isIPv4(name)
        ? der(0x87, name.split('.').map(Number))
        : der(0x82, Buffer.from(name)),
    );
    const cert = this.#certify(
      distinguishedName(names[0] ?? 'nobody'),
      publicKey,
      extension(OID.subjectAltName, sequence(...alternatives)),
    );
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert, key };
  }

  #certify(subject: Buffer, key: KeyObject, extras: Buffer): string {
    const algorithm = sequence(der(0x06, OID.ecdsaWithSha256));
    const now = Date.now();
    const body = sequence(
      der(0xa0, der(0x02, [2])),
      der(0x02, [1, ...randomBytes(8)]),
      algorithm,
      this.#name,
      sequence(utcTime(now - DAY), utcTime(now + DAY)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(extras)),
    );
    const signature = sign('sha256', body, this.#keys.privateKey);
    const bytes = sequence(body, algorithm, bitString(signature));
    return pem(bytes);
  }
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function der(tag: number, content: Uint8Array | number[]): Buffer {
  const { length } = content;
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), Buffer.from(content)]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]));
}

function extension(oid: number[], value: Buffer): Buffer {
  return sequence(der(0x06, oid), der(0x04, value));
}

function distinguishedName(name: string): Buffer {
  const attribute = sequence(
    der(0x06, OID.commonName),
    der(0x0c, Buffer.from(name)),
  );
  return sequence(der(0x31, attribute));
}

/** `YYMMDDHHMMSSZ` */
function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function pem(bytes: Buffer): string {
  const lines = bytes
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
