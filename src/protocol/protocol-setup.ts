import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  REQUEST_VERIFIER,
} from '../options/peer-cloud.tokens.js';
import { BodyBudget } from '../security/body-budget.js';
import type { RequestVerifier } from '../security/request-verifier.interface.js';
import { installGate } from './gate-installer.js';
import { excludeFromGlobalPrefix } from './prefix-exclusion.js';
import { ProtocolGate } from './protocol-gate.js';
import { exemptFromThrottlers } from './throttler-exemption.js';

/** Makes an app's HTTP side fit for the protocol, mounted or on an own listener alike. */
@Injectable()
export class ProtocolSetup {
  readonly #adapterHost: HttpAdapterHost;
  readonly #config: ApplicationConfig;
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #verifier: RequestVerifier;
  readonly #budget: BodyBudget;

  constructor(
    adapterHost: HttpAdapterHost,
    config: ApplicationConfig,
    moduleRef: ModuleRef,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    @Inject(REQUEST_VERIFIER) verifier: RequestVerifier,
    budget: BodyBudget,
  ) {
    this.#adapterHost = adapterHost;
    this.#config = config;
    this.#moduleRef = moduleRef;
    this.#options = options;
    this.#verifier = verifier;
    this.#budget = budget;
  }

  /**
   * Call it once, from the `configure` of the module that has the controllers: every setting of the app
   * is known there, and no route is registered yet. Throws a PeerCloudError (`UNSUPPORTED_ADAPTER`).
   */
  apply(): void {
    const { maxMessageBytes, limits } = this.#options;
    const gate = new ProtocolGate(
      {
        maxMessageBytes,
        bodyTimeout: limits.bodyTimeout,
        budget: this.#budget,
        maxJsonDepth: limits.maxJsonDepth,
      },
      this.#verifier,
    );
    installGate(this.#adapterHost.httpAdapter, gate);
    excludeFromGlobalPrefix(this.#config);
    exemptFromThrottlers(this.#moduleRef);
  }
}
