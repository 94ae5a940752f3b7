import { OptionsError } from './options/option-checks.js';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  listenerWithoutCertificate,
  mountedBesideListener,
  nowhereMounted,
} from './peer-cloud.messages.js';

/** Are the protocol's routes part of the app? (boolean) */
export const PEER_CLOUD_MOUNT = Symbol('PEER_CLOUD_MOUNT');

/**
 * The protocol is answered either by the app or by the own listener.
 *
 * @throws OptionsError if it would be both, or neither, or if a listener with TLS has no certificate
 */
export function checkMount(
  { listener, tls }: ResolvedPeerCloudOptions,
  mount = true,
): void {
  if (listener && mount) {
    throw new OptionsError('listener', listener, mountedBesideListener);
  }
  if (!listener && !mount) {
    throw new OptionsError('listener', listener, nowhereMounted);
  }
  if (listener && tls && !tls.materials.cert) {
    throw new OptionsError(
      'tls',
      Object.keys(tls.materials),
      listenerWithoutCertificate,
    );
  }
}
