import { OptionsError } from './options/option-checks.js';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  mountedBesideListener,
  nowhereMounted,
} from './peer-cloud.messages.js';

/** Are the protocol's routes part of the app? (boolean) */
export const PEER_CLOUD_MOUNT = Symbol('PEER_CLOUD_MOUNT');

/**
 * The protocol is answered either by the app or by the own listener.
 *
 * @throws OptionsError if it would be both, or neither
 */
export function checkMount(
  { listener }: ResolvedPeerCloudOptions,
  mount = true,
): void {
  if (listener && mount) {
    throw new OptionsError('listener', listener, mountedBesideListener);
  }
  if (!listener && !mount) {
    throw new OptionsError('listener', listener, nowhereMounted);
  }
}
