import { joinPath } from '../options/option-checks.js';
import { readSection } from '../options/read-section.js';
import { MESSAGING } from '../options/option-tables.js';
import {
  resolveStreamOptions,
  type ResolvedStreamOptions,
  type StreamOptions,
} from './stream.options.js';

/** How messages travel, and how many of them at once. */
export interface MessagingOptions {
  /**
   * Peers that a broadcast is sent to at the same time; the others get their turn as replies come in, and
   * the deadline counts from the start for all. More finishes sooner in very large clouds and opens as
   * many sockets at once; fewer is gentler on both sides.
   *
   * @defaultValue 512
   */
  broadcastConcurrency?: number | undefined;

  /**
   * The fast lane to peers that have it: one socket for each peer, after an HTTP upgrade. `false`: every
   * message is a `/message` request of its own, and other peers’ streams are refused.
   */
  stream?: StreamOptions | false | undefined;

  /**
   * Do the app’s global guards, interceptors, pipes and filters apply to `@OnPeerMessage()` methods? They
   * do not in hybrid apps either: most of them expect an HTTP request, which a message is not.
   *
   * @defaultValue `false`
   */
  inheritAppConfig?: boolean | undefined;
}

/** MessagingOptions, complete. */
export interface ResolvedMessagingOptions {
  readonly broadcastConcurrency: number;
  readonly stream: ResolvedStreamOptions | false;
  readonly inheritAppConfig: boolean;
}

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveMessagingOptions(
  input: unknown,
  path: string,
): ResolvedMessagingOptions {
  const given = readSection(input, path, MESSAGING);
  return {
    ...given,
    stream:
      given.stream === false
        ? false
        : resolveStreamOptions(given.stream, joinPath(path, 'stream')),
  };
}
