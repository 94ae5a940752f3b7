import { generateKeyPairSync } from 'node:crypto';
import { resolveLimitOptions } from '../options/limits.options.js';
import { resolveSecurityOptions } from './security.options.js';

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof ed25519.privateKey) =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

const resolve = (options: unknown) =>
  resolveSecurityOptions(options, 'security');

describe('security', () => {
  it('is open without options', () => {
    expect(resolve(undefined)).toEqual({
      mode: { kind: 'open' },
      clockSkew: 10_000,
      authorize: undefined,
    });
  });

  it('takes one secret or several', () => {
    const [one, other] = ['a'.repeat(16), 'b'.repeat(32)];
    expect(resolve({ secret: one }).mode).toEqual({
      kind: 'secret',
      secrets: [one],
    });
    expect(resolve({ secret: [one, other] }).mode).toEqual({
      kind: 'secret',
      secrets: [one, other],
    });
  });

  it('takes keys as PEM, JWK and KeyObject', () => {
    const { privateKey, publicKey } = ed25519;
    const spki = publicKey.export({ type: 'spki', format: 'pem' });
    for (const options of [
      { privateKey, trustedKeys: [publicKey] },
      { privateKey: pem(privateKey), trustedKeys: [spki] },
      {
        privateKey: privateKey.export({ format: 'jwk' }),
        trustedKeys: [publicKey.export({ format: 'jwk' })],
      },
    ]) {
      expect(resolve(options).mode).toMatchObject({ kind: 'keys' });
    }
  });

  it.each<[unknown, RegExp]>([
    [{ secret: '' }, /^security\.secret: .*not empty/],
    [
      { secret: undefined },
      /^security\.secret: undefined: .*for an open cloud/,
    ],
    [
      { privateKey: undefined, trustedKeys: undefined },
      /^security\.privateKey: undefined: must have a value/,
    ],
    [{ secret: [] }, /^security\.secret: /],
    [{ secret: ['a', 7] }, /^security\.secret: /],
    [
      { secret: 'a'.repeat(15) },
      /^security\.secret: .*must have 16 characters at least.*openssl rand/,
    ],
    [{ secret: ['a'.repeat(32), 'b'] }, /^security\.secret: .*16 characters/],
    [{ secret: 'a', privateKey: ed25519.privateKey }, /either secret, or/],
    [{ trustedKeys: [ed25519.publicKey] }, /^security\.privateKey: /],
    [{ privateKey: ed25519.privateKey }, /^security\.trustedKeys: /],
    [
      { privateKey: rsa.privateKey, trustedKeys: [ed25519.publicKey] },
      /^security\.privateKey: "rsa": must be an Ed25519 key/,
    ],
    [
      { privateKey: ed25519.publicKey, trustedKeys: [ed25519.publicKey] },
      /^security\.privateKey: .*private half/,
    ],
    [
      { privateKey: ed25519.privateKey, trustedKeys: [ed25519.privateKey] },
      /^security\.trustedKeys\[0\]: .*public half/,
    ],
    [
      { privateKey: ed25519.privateKey, trustedKeys: ['no key'] },
      /^security\.trustedKeys\[0\]: .*openssl genpkey/,
    ],
    [{ clockSkew: -1 }, /^security\.clockSkew: /],
    [{ authorize: true }, /^security\.authorize: /],
    [{ password: 'x' }, /^security\.password: /],
    ['secret', /^security: /],
  ])('refuses %#', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });

  it('shows no secret in its errors', () => {
    const secret = 'the-secret-itself';
    const key = pem(ed25519.privateKey).slice(0, -40);
    for (const options of [
      { secret: [secret, 7] },
      { secret, privateKey: key },
      { privateKey: key, trustedKeys: [pem(ed25519.privateKey)] },
    ]) {
      try {
        resolve(options);
        expect.fail('was accepted');
      } catch (error) {
        expect((error as Error).message).not.toMatch(/the-secret|MC4C|PRIVATE/);
      }
    }
  });
});

describe('limits', () => {
  it('are complete', () => {
    const limits = resolveLimitOptions({ maxJsonDepth: 50 }, 'limits');
    expect(limits.maxJsonDepth).toBe(50);
    expect(Object.values(limits).every((value) => value > 0)).toBe(true);
  });

  it.each([
    [{ maxJsonDepth: 8 }, /^limits\.maxJsonDepth: 8: must be a whole number/],
    [{ maxConnections: 1.5 }, /^limits\.maxConnections: /],
    [{ maxFriends: 1 }, /^limits\.maxFriends: /],
  ])('refuse %j', (options, message) => {
    expect(() => resolveLimitOptions(options, 'limits')).toThrow(message);
  });
});
