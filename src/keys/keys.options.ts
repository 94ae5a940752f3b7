import { readSection } from '../options/read-section.js';
import { KEYS } from '../options/option-tables.js';

/** This peer's part of the keys (KeysService). */
export interface KeysOptions {
  /**
   * Its share of the keys, as a multiple of others’: with 2 it owns twice as many as one with 1. For
   * machines of different sizes.
   *
   * @defaultValue 1
   */
  weight?: number | undefined;

  /**
   * Does it own keys at all? With `false` it asks their owners as everybody does, and keys come to it when
   * `KeysService.update({ eligible: true })` says so, when its caches are warm for example.
   *
   * @defaultValue `true`
   */
  eligible?: boolean | undefined;
}

/** KeysOptions, complete. */
export interface ResolvedKeysOptions {
  readonly weight: number;
  readonly eligible: boolean;
}

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveKeysOptions(
  input: unknown,
  path: string,
): ResolvedKeysOptions {
  return readSection(input, path, KEYS);
}
