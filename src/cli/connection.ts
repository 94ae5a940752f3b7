import { readFile } from 'node:fs/promises';
import { OptionsError } from '../options/option-checks.js';
import {
  createKeyring,
  resolveSecurityOptions,
  type Keyring,
} from '../security/index.js';
import { resolveTlsOptions } from '../transport/tls.options.js';
import { AddressError, parseAddress } from '../wire/address.js';
import type { PeerAddress } from '../wire/bodies.js';
import { DEFAULT_PORT } from '../wire/endpoints.js';
import { readAll, UsageError, type Io } from './io.js';
import type { ObserverConfig } from './observer.js';
import type { Options } from './options.js';

const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** Options that make it https. */
const OF_TLS = ['ca', 'cert', 'key', 'servername'] as const;

/**
 * Reads the options that say whom to ask and how, and the files that they name.
 *
 * @throws UsageError
 */
export async function readConnection(
  options: Options,
  io: Io,
  keyring?: Keyring,
): Promise<ObserverConfig> {
  const tls = await readTls(options);
  const scheme = tls && { scheme: 'https' as const };
  return {
    peers: readPeers(options).map((peer) => ({ ...peer, ...scheme })),
    keyring: keyring ?? (await readKeyring(options, io)),
    tls,
    timeout: 1000 * options.number('timeout', 5, 0.1, 3600),
    signal: io.signal,
  };
}

/**
 * The secret in a file, or in the standard input, without the end of its line.
 *
 * @throws UsageError
 */
export async function readSecret(
  name: string,
  file: string,
  { stdin }: Pick<Io, 'stdin'>,
): Promise<string> {
  const text =
    file === '-' ? await readAll(stdin) : await readFileOf(name, file);
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '' || /[\r\n]/.test(secret)) {
    throw new UsageError(`--${name}: ${file}: must have one line, the secret`);
  }
  return secret;
}

function readPeers(options: Options): PeerAddress[] {
  const given = options.texts('peer');
  const texts = given.length > 0 ? given : [`127.0.0.1:${DEFAULT_PORT}`];
  return texts.map((text) => {
    try {
      return parseAddress(text);
    } catch (error) {
      throw error instanceof AddressError
        ? new UsageError(`--peer: ${text}: ${error.message}`)
        : error;
    }
  });
}

async function readKeyring(
  options: Options,
  io: Io,
): Promise<Keyring | undefined> {
  const read = async <T>(
    name: string,
    from: (file: string) => Promise<T>,
  ): Promise<T | undefined> => {
    const file = options.text(name);
    return file === undefined ? undefined : from(file);
  };
  const secret = await read('secret-file', (file) =>
    readSecret('secret-file', file, io),
  );
  const privateKey = await read('private-key-file', (file) =>
    readFileOf('private-key-file', file),
  );
  const trustedKeys = await read('trusted-keys-file', async (file) => {
    const text = await readFileOf('trusted-keys-file', file);
    const keys = text.match(PUBLIC_KEY);
    if (!keys) {
      throw new UsageError(
        `--trusted-keys-file: ${file}: must have public keys, PEM`,
      );
    }
    return keys;
  });
  if ((privateKey === undefined) !== (trustedKeys === undefined)) {
    throw new UsageError(
      '--private-key-file and --trusted-keys-file go together',
    );
  }
  const given = { secret, privateKey, trustedKeys };
  const security = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return asTyped('--secret-file', () =>
    createKeyring(resolveSecurityOptions(security, '')),
  );
}

async function readTls(options: Options): Promise<ObserverConfig['tls']> {
  const [ca, cert, key] = await Promise.all(
    ['ca', 'cert', 'key'].map(async (name) => {
      const file = options.text(name);
      return file === undefined ? undefined : readFileOf(name, file);
    }),
  );
  const servername = options.text('servername');
  if (ca || cert || key) {
    return asTyped('--ca, --cert and --key', () =>
      resolveTlsOptions({ ca, cert, key, servername }, ''),
    );
  }
  return options.has('tls') || OF_TLS.some((name) => options.text(name))
    ? { materials: {}, servername }
    : undefined;
}

async function readFileOf(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new UsageError(`--${name}: ${file}: ${why}`);
  }
}

/** Options of the module, under the names that were typed. */
const TYPED: Readonly<Record<string, string>> = {
  secret: '--secret-file',
  privateKey: '--private-key-file',
  trustedKeys: '--trusted-keys-file',
};

/** What an error of the module's options repeats before it says what to write. */
const SHOWN = /^("[^"]*"|\[[^\]]*\]|\w+): /;

/** @param usual the option that is meant where the error names none of these */
function asTyped<T>(usual: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OptionsError)) {
      throw error;
    }
    const rule = error.message.slice(error.path.length + 2).replace(SHOWN, '');
    const name = error.path.replace(/\[.*|\.$/, '').replace(/^\./, '');
    throw new UsageError(`${TYPED[name] ?? usual}: ${rule}`);
  }
}
