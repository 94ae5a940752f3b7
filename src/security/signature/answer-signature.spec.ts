import { generateKeyPairSync } from 'node:crypto';
import type { ExchangeAnswer } from '../../transport/peer-transport.interface.js';
import {
  Ed25519Keyring,
  type Keyring,
  SecretKeyring,
} from '../keys/keyring.js';
import { signAnswer, verifyAnswer } from './answer-signature.js';

const REQUEST = `peercloud=:${'A'.repeat(43)}=:`;
const OTHER_REQUEST = `peercloud=:${'B'.repeat(43)}=:`;
const keyring = new SecretKeyring(['s'.repeat(32)]);

function answer(
  keys: Keyring = keyring,
  requestSignature = REQUEST,
  boot: string | undefined = 'boot-1',
): ExchangeAnswer {
  const body = Buffer.from('{"status":"added"}');
  const selfId = keys.peerId ?? 'bob';
  const context = {
    keyring: keys,
    selfId,
    boot,
    requestSignature,
    now: Date.now(),
  };
  return { status: 200, headers: signAnswer(context, 200, body), body };
}

function withHeader(
  original: ExchangeAnswer,
  name: string,
  value: string | undefined,
): ExchangeAnswer {
  return { ...original, headers: { ...original.headers, [name]: value } };
}

it('names who signed it', () => {
  expect(verifyAnswer(keyring, REQUEST, answer())).toBe('bob');
  const withoutBoot = answer(keyring, REQUEST, undefined);
  expect(verifyAnswer(keyring, REQUEST, withoutBoot)).toBe('bob');
});

it.each<[string, RegExp, (a: ExchangeAnswer) => ExchangeAnswer]>([
  ['unsigned', /status 200 is not signed/, (a) => ({ ...a, headers: {} })],
  [
    'an unsigned 401',
    /refuses our signature/,
    (a) => ({ ...a, status: 401, headers: {} }),
  ],
  [
    'an unsigned 403',
    /without the security option/,
    (a) => ({ ...a, status: 403, headers: {} }),
  ],
  [
    'for another request',
    /bad signature/,
    () => answer(keyring, OTHER_REQUEST),
  ],
  ['of another status', /bad signature/, (a) => ({ ...a, status: 404 })],
  [
    'with another body',
    /not what was signed/,
    (a) => ({ ...a, body: Buffer.from('{}') }),
  ],
  [
    'with another signer',
    /bad signature/,
    (a) => withHeader(a, 'x-peercloud-id', 'carol'),
  ],
  [
    'without a signer',
    /cannot be read/,
    (a) => withHeader(a, 'x-peercloud-id', undefined),
  ],
  [
    'of another start',
    /bad signature/,
    (a) => withHeader(a, 'x-peercloud-boot', 'boot-2'),
  ],
  [
    'of a start that is not named',
    /does not cover/,
    (a) => withHeader(a, 'x-peercloud-boot', undefined),
  ],
  [
    'that covers less',
    /does not cover/,
    (a) =>
      withHeader(
        a,
        'signature-input',
        String(a.headers['signature-input']).replace('"content-digest" ', ''),
      ),
  ],
  [
    'by an unknown key',
    /unknown key/,
    () => answer(new SecretKeyring(['t'.repeat(32)])),
  ],
])('refuses one that is %s', (_what, message, change) => {
  const changed = change(answer());
  expect(() => verifyAnswer(keyring, REQUEST, changed)).toThrow(message);
  expect(() => verifyAnswer(keyring, REQUEST, changed)).toThrow(
    expect.objectContaining({ code: 'BAD_ANSWER' }),
  );
});

it('never takes a request for an answer', () => {
  const { headers, ...rest } = answer();
  const asRequest = String(headers['signature-input']).replace(
    '"@status"',
    '"@method"',
  );
  expect(() =>
    verifyAnswer(keyring, REQUEST, {
      ...rest,
      headers: { ...headers, 'signature-input': asRequest },
    }),
  ).toThrow(/does not cover/);
});

it('knows each peer by its own key', () => {
  const [bob, carol] = [1, 2].map(() => generateKeyPairSync('ed25519'));
  const trusted = [bob!.publicKey, carol!.publicKey];
  const bobs = new Ed25519Keyring(bob!.privateKey, trusted);
  const carols = new Ed25519Keyring(carol!.privateKey, trusted);
  expect(verifyAnswer(carols, REQUEST, answer(bobs))).toBe(bobs.peerId);
  const forged = withHeader(answer(bobs), 'x-peercloud-id', carols.peerId);
  expect(() => verifyAnswer(carols, REQUEST, forged)).toThrow(
    /key of another peer/,
  );
});
