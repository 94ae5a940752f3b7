import {
  readNumber,
  readObject,
  readString,
} from '../options/option-checks.js';
import { DEFAULT_PORT } from '../wire/endpoints.js';

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
export interface ResolvedListenerOptions {
  readonly port: number;
  readonly host?: string;
}

/** Completes the option `listener`; throws an OptionsError. Undefined: there is no own listener. */
export function resolveListenerOptions(
  input: unknown,
  path: string,
): ResolvedListenerOptions | undefined {
  if (input === undefined) {
    return undefined;
  }
  const options = readObject(input, path, ['port', 'host']);
  return Object.freeze({
    port: readNumber(options.port, `${path}.port`, {
      min: 0,
      max: 65_535,
      integer: true,
      default: DEFAULT_PORT,
    }),
    host: readString(options.host, `${path}.host`),
  });
}
