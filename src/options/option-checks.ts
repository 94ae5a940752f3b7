import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** Longest piece of a wrong value that an error message repeats. */
const MAX_SHOWN = 80;

/**
 * An option that cannot work, found at start-up. The message has the option's path, what it got and
 * what to write: `peers[2]: "localhost:99999": port must be 0 to 65535`.
 */
export class OptionsError extends PeerCloudError {
  override readonly name = 'OptionsError';

  constructor(
    /** The option, as in `membership.maxPeers` or `peers[2]`. */
    readonly path: string,
    got: unknown,
    rule: string,
    options?: { cause?: unknown },
  ) {
    super('INVALID_OPTION', `${path}: ${show(got)}: ${rule}`, options);
  }
}

function show(value: unknown): string {
  if (typeof value === 'function') {
    return `function ${value.name}`.trim();
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  if (typeof value === 'object' && value !== null) {
    return shorten(showObject(value));
  }
  return shorten(JSON.stringify(value) ?? String(value));
}

function showObject(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** What a number has to be. Without a `default`, an absent value stays undefined. */
export interface NumberRule {
  min?: number;
  max?: number;
  integer?: boolean;
  default?: number;
}

/** Reads a number; throws an OptionsError that names the range. */
export function readNumber(
  value: unknown,
  path: string,
  rule: NumberRule & { default: number },
): number;
export function readNumber(
  value: unknown,
  path: string,
  rule?: NumberRule,
): number | undefined;
export function readNumber(
  value: unknown,
  path: string,
  rule: NumberRule = {},
): number | undefined {
  if (value === undefined) {
    return rule.default;
  }
  const min = rule.min ?? -Infinity;
  const max = rule.max ?? Infinity;
  if (
    typeof value !== 'number' ||
    Number.isNaN(value) ||
    value < min ||
    value > max ||
    (rule.integer && !Number.isInteger(value))
  ) {
    throw new OptionsError(path, value, describeNumber(rule));
  }
  return value;
}

function describeNumber({ min, max, integer }: NumberRule): string {
  const kind = integer ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) {
    return `must be ${kind} from ${min} to ${max}`;
  }
  if (min !== undefined) {
    return `must be ${kind}, ${min} at least`;
  }
  return max === undefined
    ? `must be ${kind}`
    : `must be ${kind}, ${max} at most`;
}

/** Reads a string that is not empty. Without a fallback, an absent value stays undefined. */
export function readString(
  value: unknown,
  path: string,
  rule: { default: string },
): string;
export function readString(
  value: unknown,
  path: string,
  rule?: { default?: string },
): string | undefined;
export function readString(
  value: unknown,
  path: string,
  rule: { default?: string } = {},
): string | undefined {
  if (value === undefined) {
    return rule.default;
  }
  if (typeof value !== 'string' || value === '') {
    throw new OptionsError(path, value, 'must be a string that is not empty');
  }
  return value;
}

/** Reads `true` or `false`. Without a fallback, an absent value stays undefined. */
export function readBoolean(
  value: unknown,
  path: string,
  rule: { default: boolean },
): boolean;
export function readBoolean(
  value: unknown,
  path: string,
  rule?: { default?: boolean },
): boolean | undefined;
export function readBoolean(
  value: unknown,
  path: string,
  rule: { default?: boolean } = {},
): boolean | undefined {
  if (value === undefined) {
    return rule.default;
  }
  if (typeof value !== 'boolean') {
    throw new OptionsError(path, value, 'must be true or false');
  }
  return value;
}

/**
 * Reads an object of options, `{}` where it is absent. A key that is not known is an error, so that a
 * typing mistake does not silently mean the default.
 */
export function readObject(
  value: unknown,
  path: string,
  allowedKeys: readonly string[],
): Record<string, unknown> {
  if (value === undefined) {
    return {};
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionsError(path || 'options', value, 'must be an object');
  }
  for (const key of Object.keys(value)) {
    if (!allowedKeys.includes(key)) {
      throw new OptionsError(
        joinPath(path, key),
        (value as Record<string, unknown>)[key],
        `there is no such option; known here: ${allowedKeys.join(', ')}`,
      );
    }
  }
  return value as Record<string, unknown>;
}

/** Reads one of a few words (or other primitive values). */
export function readOneOf<T extends string | number | boolean>(
  value: unknown,
  path: string,
  choices: readonly T[],
  rule: { default: T },
): T;
export function readOneOf<T extends string | number | boolean>(
  value: unknown,
  path: string,
  choices: readonly T[],
  rule?: { default?: T },
): T | undefined;
export function readOneOf<T extends string | number | boolean>(
  value: unknown,
  path: string,
  choices: readonly T[],
  rule: { default?: T } = {},
): T | undefined {
  if (value === undefined) {
    return rule.default;
  }
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    const words = choices.map((candidate) => JSON.stringify(candidate));
    throw new OptionsError(path, value, `must be one of ${words.join(', ')}`);
  }
  return choice;
}

/** Path of an option inside a section; the section of all options has the empty path. */
export function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
