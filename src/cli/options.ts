import { parseArgs } from 'node:util';
import { UsageError } from './io.js';

/** One option as it is typed, and what `--help` says of it. */
export interface OptionSpec {
  /** What its value is called; none: it is a switch. */
  value?: string;
  short?: string;
  /** It may be given several times. */
  multiple?: boolean;
  help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Options that say whom to ask and how. Each can stand in the environment: `PEERCLOUD_SECRET_FILE`. */
export const CONNECTION: OptionSpecs = {
  peer: {
    value: 'host:port',
    short: 'p',
    multiple: true,
    help: 'a peer to ask; of several, the first that answers (127.0.0.1:9338)',
  },
  'secret-file': {
    value: 'file',
    help: "the cloud's secret; - is the standard input",
  },
  'private-key-file': {
    value: 'file',
    help: 'an Ed25519 key of the observer, PEM, where peers have keys',
  },
  'trusted-keys-file': {
    value: 'file',
    help: 'the public keys of the peers, PEM, one after the other',
  },
  tls: { help: 'call the peers over https; the next four imply it' },
  ca: { value: 'file', help: "authority of the peers' certificates, PEM" },
  cert: { value: 'file', help: 'certificate of the observer, PEM' },
  key: { value: 'file', help: 'private key of that certificate, PEM' },
  servername: { value: 'name', help: "name in the peers' certificates" },
  timeout: { value: 'seconds', help: 'patience with each answer (5)' },
};

/** Options of all commands. */
export const COMMON: OptionSpecs = {
  json: { help: 'write JSON: one value, or one a line as they come' },
  help: { short: 'h', help: 'what the command does, and its options' },
  version: { help: 'the version of the package' },
};

/** What was typed. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(
    values: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#values = values;
    this.#env = env;
  }

  has(name: string): boolean {
    return this.#values[name] === true || this.#fromEnv(name) === 'true';
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): string[] {
    const value = this.#values[name] ?? this.#fromEnv(name)?.split(',') ?? [];
    return [value].flat().map(String);
  }

  /** @throws UsageError */
  number(name: string, usual: number, min: number, max: number): number {
    const text = this.text(name);
    return text === undefined ? usual : readNumber(`--${name}`, text, min, max);
  }

  #fromEnv(name: string): string | undefined {
    const variable = `PEERCLOUD_${name.replaceAll('-', '_').toUpperCase()}`;
    return (name in CONNECTION && this.#env[variable]) || undefined;
  }
}

function readNumber(
  name: string,
  text: string,
  min: number,
  max: number,
): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= min && value <= max)) {
    throw new UsageError(
      `${name}: ${text}: must be a number, ${min} to ${max}`,
    );
  }
  return value;
}

/**
 * Takes the words apart: options in any place, all others in their order.
 *
 * @throws UsageError
 */
export function parseWords(
  argv: readonly string[],
  specs: OptionSpecs,
): { values: Record<string, unknown>; words: string[] } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value, short, multiple = false }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short !== undefined && { short }),
        multiple,
      },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
    });
    return { values, words: positionals };
  } catch (error) {
    // Node's hint about words that begin with a dash is a second sentence.
    const [line] = (error as Error).message.split(/\.? To specify|\n/);
    throw new UsageError(line!);
  }
}
