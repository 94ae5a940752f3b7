import { readSection } from '../options/read-section.js';
import { LISTENER } from '../options/option-tables.js';

/** An own port for the protocol, out of reach of the app's public one. */
export interface ListenerOptions {
  /**
   * Port to listen on; 0 takes a free one.
   *
   * @defaultValue 9338
   */
  port?: number | undefined;
  /**
   * Address or name of the interface to listen on. Name the private one where the machine has a public one
   * too.
   *
   * @defaultValue all of them
   */
  host?: string | undefined;
}

/** Complete listener options. */
export interface ResolvedListenerOptions {
  readonly port: number;
  readonly host: string | undefined;
}

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
