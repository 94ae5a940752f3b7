import type { Peer } from '../../index.js';

/**
 * Who gets a request, of those that handle its pattern; or an event, of each group.
 *
 * - `any`: one after the other;
 * - `nearest`: the one with the shortest round trip; oneself, if this peer handles it;
 * - `{ owner: key }`: the one that owns the key, as KeysService has it, of those that handle the pattern;
 * - `{ peer }`: this one;
 * - `all`: every one, and their values as they come. An event goes to all in any case, and to one in each group.
 */
export type PeerCloudTarget =
  'any' | 'nearest' | 'all' | { owner: string } | { peer: Peer | string };

/** How a request or an event travels. */
export interface PeerCloudCallOptions {
  /** Default `any`. */
  to?: PeerCloudTarget | undefined;
  /** Ms until the first value has to be there, and between values that this peer is still there. Default: the option `messageTimeout`. */
  timeout?: number | undefined;
  /** Strings that the handler finds in its PeerCloudContext; as in SendOptions. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Data with options of its own, in the place of data:
 *
 * ```ts
 * client.send('cart.add', new PeerCloudRecord(item, { to: { owner: user } }));
 * ```
 */
export class PeerCloudRecord<T = unknown> {
  constructor(
    readonly data: T,
    readonly options: PeerCloudCallOptions = {},
  ) {}
}
