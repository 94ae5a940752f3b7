import { parseArgs } from 'node:util';
import { PROFILES, type Profile } from './cloud/cloud.options.js';

/** An argument that cannot be used: its message is for the person at the terminal. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** Reads `--name value` arguments; a flag's default is `false`, everything else has a value. */
export function readArguments<K extends string>(
  defaults: Record<K, string | boolean>,
  usage: string,
): Record<K, string> & { flags: ReadonlySet<K> } {
  const names = Object.keys(defaults) as K[];
  const options = Object.fromEntries(
    [...names, 'help'].map((name) => [
      name,
      {
        type:
          typeof (defaults as Record<string, unknown>)[name] === 'string'
            ? ('string' as const)
            : ('boolean' as const),
      },
    ]),
  );
  let values: Record<string, string | boolean | undefined>;
  try {
    values = parseArgs({ options }).values as typeof values;
  } catch (error) {
    throw new ArgumentError(`${(error as Error).message}\n\n${usage}`);
  }
  if (values['help']) {
    throw new ArgumentError(usage);
  }
  const flags = new Set(names.filter((name) => values[name] === true));
  const texts = names.map((name) => [
    name,
    String(values[name] ?? defaults[name]),
  ]);
  return Object.assign(Object.fromEntries(texts) as Record<K, string>, {
    flags,
  });
}

export function toNumber(
  text: string,
  name: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = Number(text);
  if (
    text.trim() === '' ||
    !(value >= min && value <= max) ||
    (whole && !Number.isInteger(value))
  ) {
    throw new ArgumentError(
      `--${name} ${text}: must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
    );
  }
  return value;
}

export function toNumbers(
  text: string,
  name: string,
  range: { min: number; max: number; whole?: boolean },
): number[] {
  return text.split(',').map((part) => toNumber(part, name, range));
}

export function toProfile(text: string): Profile {
  const profile = PROFILES.find((name) => name === text);
  if (!profile) {
    throw new ArgumentError(
      `--profile ${text}: must be one of ${PROFILES.join(', ')}`,
    );
  }
  return profile;
}

/** Runs a command and ends the process: with what went wrong and code 1, or the command's own code. */
export async function runCommand(
  command: () => Promise<boolean>,
): Promise<void> {
  try {
    process.exitCode = (await command()) ? 0 : 1;
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof ArgumentError ? error.message : error);
  }
}
