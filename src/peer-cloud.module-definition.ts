import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { PeerCloudOptions } from './options/peer-cloud.options.js';

/**
 * What shapes the module itself, so that it stands beside the options in both forms: `forRoot()` and
 * `forRootAsync()`, whose factory runs too late for it.
 */
export interface PeerCloudExtras {
  /** Makes the services available in every module of the app. Default false. */
  isGlobal?: boolean;

  /**
   * Class decorators for the controllers of the protocol: how a global guard of the app lets them
   * through, as in `decorators: [Public()]`. Default: none.
   */
  decorators?: ClassDecorator[];

  /**
   * Are the protocol's routes part of the app? Default true; `forRoot()` with `listener` implies
   * false. False leaves them to the own listener, so `listener` has to be there.
   */
  mount?: boolean;
}

/** The options as they were given, before they are checked. */
export const PEER_CLOUD_INPUT = Symbol('PEER_CLOUD_INPUT');

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
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
