import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
} from '@nestjs/common';
import { OptionsError } from './options/option-checks.js';
import type {
  PeerCloudOptions,
  ResolvedPeerCloudOptions,
} from './options/peer-cloud.options.js';
import {
  listenerWithoutCertificate,
  mountedBesideListener,
  mountedBesideTransport,
  nowhereMounted,
} from './peer-cloud.messages.js';

/**
 * What shapes the module itself, so that it stands beside the options in both forms: `forRoot()` and
 * `forRootAsync()`, whose factory runs too late for it.
 */
export interface PeerCloudExtras {
  /** Makes the services available in every module of the app. Default false. */
  isGlobal?: boolean | undefined;

  /**
   * Class decorators for the controllers of the protocol: how a global guard of the app lets them
   * through, as in `decorators: [Public()]`. Default: none.
   */
  decorators?: ClassDecorator[] | undefined;

  /**
   * Are the protocol's routes part of the app? Default true; `forRoot()` with `listener` or `transport`
   * implies false. False leaves them to the own listener or the other transport, so one of both has to be there.
   */
  mount?: boolean | undefined;
}

/** What `forRootAsync()` takes: one of `useFactory`, `useClass` and `useExisting`, and the extras. */
export interface PeerCloudAsyncOptions
  extends
    ConfigurableModuleAsyncOptions<PeerCloudOptions, 'createPeerCloudOptions'>,
    PeerCloudExtras {}

/** The options as they were given, before they are checked. */
export const PEER_CLOUD_INPUT = Symbol('PEER_CLOUD_INPUT');

/** Are the protocol's routes part of the app? (boolean) */
export const PEER_CLOUD_MOUNT = Symbol('PEER_CLOUD_MOUNT');

export const { ConfigurableModuleClass } =
  new ConfigurableModuleBuilder<PeerCloudOptions>({
    optionsInjectionToken: PEER_CLOUD_INPUT,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPeerCloudOptions')
    .setExtras<PeerCloudExtras>(
      { isGlobal: undefined, decorators: undefined, mount: undefined },
      (definition) => definition,
    )
    .build();

/**
 * The protocol is answered either by the app or by the own listener.
 *
 * @throws OptionsError if it would be both, or neither, or if a listener with TLS has no certificate
 */
export function checkMount(
  { enabled, listener, tls, transport }: ResolvedPeerCloudOptions,
  mount = true,
): void {
  if (!enabled) {
    return;
  }
  if (listener && mount) {
    throw new OptionsError('listener', listener, mountedBesideListener);
  }
  if (transport && mount) {
    throw new OptionsError('transport', transport.name, mountedBesideTransport);
  }
  if (!listener && !mount && !transport) {
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
