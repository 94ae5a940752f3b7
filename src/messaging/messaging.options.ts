import { readSection } from '../options/read-section.js';
import { STREAM, MESSAGING } from '../options/option-tables.js';
import { joinPath } from '../options/option-checks.js';

/** Limits of the stream lane. Sizes and counts hold for each peer, except where said otherwise. */
export interface StreamOptions {
  /**
   * Streams that this peer keeps open, in all. When there are so many, messages to other peers go by
   * `/message`, and the stream that has been unused for longest, 5 s at least, is closed to make room. Each costs a
   * socket on both sides.
   *
   * @defaultValue 512
   */
  maxStreams?: number | undefined;

  /**
   * Messages to one peer that may be waiting for their replies. Over it, callers wait; at their deadline
   * they get `OVERLOADED`. The smaller of both sides' values holds, and at the receiver
   * `limits.maxRequestsPerSender` (1024) if that is smaller.
   *
   * @defaultValue 2048
   */
  maxInFlight?: number | undefined;

  /**
   * Bytes to one peer that may be waiting for the socket, one for each character: text beyond ASCII takes
   * up to three times as many. Over it, callers wait; at their deadline they get `OVERLOADED`. A body that
   * has to wait is serialised when its turn comes. At the receiver, replies of observables that wait for
   * their reader (`MessagingService.stream()`) may take as much; over it they end with an error.
   *
   * @defaultValue 8,388,608 bytes
   */
  maxQueuedBytes?: number | undefined;

  /**
   * Ms that opening a stream may take before messages go by `/message` instead, or fail as `UNREACHABLE`
   * where there is not even a connection. 64 are opened at the same
   * time; others wait their turn for as long at most, so that a message may have waited twice as long.
   *
   * @defaultValue 2000 ms
   */
  openTimeout?: number | undefined;

  /**
   * Ms without a message after which a stream is closed. The next message opens it again. In clouds of 17
   * peers and fewer streams are opened by the checks, which go over them, and stay open; not with the
   * option `healthCheck` off.
   *
   * @defaultValue 60,000 ms
   */
  idleTimeout?: number | undefined;

  /**
   * Ms within which each side gives the other a sign; without one for three times as long, a stream is
   * given up and what was sent over it fails. A connection that has died silently under messages is found
   * by the first of them; this finds those that rest, and keeps them from being taken for unused on the way
   * (a firewall, a proxy). Longer wakes an idle process less often.
   *
   * @defaultValue 30,000 ms
   */
  heartbeatInterval?: number | undefined;
}

/** StreamOptions, complete. */
export type ResolvedStreamOptions = {
  readonly [K in keyof StreamOptions]-?: NonNullable<StreamOptions[K]>;
};

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveStreamOptions(
  input: unknown,
  path: string,
): ResolvedStreamOptions {
  return readSection(input, path, STREAM);
}

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
