import { readNumber, readObject } from '../options/option-checks.js';
import { OptionsError } from '../options/options.error.js';
import { readPrivateKey, readPublicKey } from './keys/key-input.js';
/** Longest list of secrets or trusted keys. */
const MAX_KEYS = 10_000;
/** Reads the security options; throws an OptionsError that names the wrong one and never shows a secret. */
export function resolveSecurityOptions(input, path) {
  const options = readObject(input, path, [
    'secret',
    'privateKey',
    'trustedKeys',
    'clockSkew',
    'authorize',
  ]);
  const { authorize } = options;
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw new OptionsError(
      `${path}.authorize`,
      authorize,
      'must be a function that returns true or false',
    );
  }
  return {
    mode: readMode(options, path),
    clockSkew: readNumber(options.clockSkew, `${path}.clockSkew`, {
      min: 0,
      max: 300_000,
      default: 10_000,
    }),
    authorize: authorize,
  };
}
function readMode(options, path) {
  const { secret, privateKey, trustedKeys } = options;
  const hasKeys = privateKey !== undefined || trustedKeys !== undefined;
  if (secret !== undefined) {
    if (hasKeys) {
      throw new OptionsError(
        path,
        Object.keys(options),
        'give either secret, or privateKey and trustedKeys',
      );
    }
    return { kind: 'secret', secrets: readSecrets(secret, `${path}.secret`) };
  }
  return hasKeys ? readKeys(privateKey, trustedKeys, path) : { kind: 'open' };
}
/** Reads one secret or several; used at start-up and when a running peer gets new ones. */
export function readSecrets(value, path) {
  const secrets = Array.isArray(value) ? value : [value];
  if (secrets.length === 0 || secrets.length > MAX_KEYS) {
    throw new OptionsError(
      path,
      '(not shown)',
      'must have one secret at least',
    );
  }
  if (secrets.some((secret) => typeof secret !== 'string' || secret === '')) {
    throw new OptionsError(
      path,
      '(not shown)',
      'must be a string that is not empty, or an array of them',
    );
  }
  return secrets;
}
/** Reads the public keys of a cloud; used at start-up and when a running peer gets new ones. */
export function readTrustedKeys(value, path) {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_KEYS) {
    throw new OptionsError(
      path,
      Array.isArray(value) ? [] : typeof value,
      'must be an array with the public keys of the peers that may be members',
    );
  }
  return value.map((key, index) => readPublicKey(key, `${path}[${index}]`));
}
function readKeys(privateKey, trustedKeys, path) {
  if (privateKey === undefined) {
    throw new OptionsError(
      `${path}.privateKey`,
      privateKey,
      'must be given beside trustedKeys: the Ed25519 key of this peer',
    );
  }
  return {
    kind: 'keys',
    privateKey: readPrivateKey(privateKey, `${path}.privateKey`),
    trustedKeys: readTrustedKeys(trustedKeys, `${path}.trustedKeys`),
  };
}
//# sourceMappingURL=security.options.js.map
