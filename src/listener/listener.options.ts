import { readSection, type Section } from '../options/read-section.js';
import { LISTENER } from '../options/option-tables.js';

/** An own port for the protocol, out of reach of the app's public one. */
export interface ListenerOptions {
  /** Port to listen on; 0 takes a free one. Default 9338. */
  port?: number;
  /**
   * Address or name of the interface to listen on. Default: all of them. Name the private one where
   * the machine has a public one too.
   */
  host?: string;
}

/** Complete listener options. */
export type ResolvedListenerOptions = Section<typeof LISTENER>;

/**
 * Checks the section and fills in the defaults; undefined where there is no own listener.
 *
 * @throws OptionsError that names the option
 */
export function resolveListenerOptions(
  input: unknown,
  path: string,
): ResolvedListenerOptions | undefined {
  if (input === undefined) {
    return undefined;
  }
  return Object.freeze(readSection(input, path, LISTENER));
}
