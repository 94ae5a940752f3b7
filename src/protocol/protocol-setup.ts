import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  REQUEST_VERIFIER,
} from '../options/peer-cloud.tokens.js';
import type { RequestVerifier } from '../security/request-verifier.interface.js';
import { installGate } from './gate-installer.js';
import { MAX_JSON_DEPTH } from './json-body.js';
import { excludeFromGlobalPrefix } from './prefix-exclusion.js';
import { ProtocolGate } from './protocol-gate.js';
import { exemptFromThrottlers } from './throttler-exemption.js';

/** Ms until the body of a request has to be complete. */
export const BODY_TIMEOUT = 10_000;

/** Makes an app's HTTP side fit for the protocol, mounted or on an own listener alike. */
@Injectable()
export class ProtocolSetup {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly moduleRef: ModuleRef,
    @Inject(PEER_CLOUD_OPTIONS)
    private readonly options: ResolvedPeerCloudOptions,
    @Inject(REQUEST_VERIFIER) private readonly verifier: RequestVerifier,
  ) {}

  /**
   * Call it once, from the `configure` of the module that has the controllers: every setting of the app
   * is known there, and no route is registered yet. Throws a PeerCloudError (`UNSUPPORTED_ADAPTER`).
   */
  apply(): void {
    const gate = new ProtocolGate(
      {
        maxMessageBytes: this.options.maxMessageBytes,
        bodyTimeout: BODY_TIMEOUT,
        maxJsonDepth: MAX_JSON_DEPTH,
      },
      this.verifier,
    );
    installGate(this.adapterHost.httpAdapter, gate);
    excludeFromGlobalPrefix(this.config);
    exemptFromThrottlers(this.moduleRef);
  }
}
