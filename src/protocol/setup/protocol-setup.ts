import type { Server } from 'node:http';
import { Inject, Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  REQUEST_VERIFIER,
} from '../../options/peer-cloud.tokens.js';
import { BodyBudget, type RequestVerifier } from '../../security/index.js';
import { PROTOCOL_PATHS } from '../../wire/endpoints.js';
import { isJsonObject } from '../../wire/json.js';
import {
  protocolControllers,
  markedPath,
  THROTTLER_SKIP_KEY,
} from '../controllers/protocol.controllers.js';
import { ProtocolGate } from '../gate/protocol-gate.js';
import { StreamUpgrade } from '../upgrade/stream.upgrade.js';
import { installGate } from './gate-installer.js';

/** Token under which @nestjs/throttler keeps its options; the package may not be installed. */
const THROTTLER_OPTIONS = 'THROTTLER:MODULE_OPTIONS';

/** Makes an app's HTTP side fit for the protocol, mounted or on an own listener alike. */
@Injectable()
export class ProtocolSetup {
  #gate: ProtocolGate | undefined;

  readonly #adapterHost: HttpAdapterHost;
  readonly #config: ApplicationConfig;
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #verifier: RequestVerifier;
  readonly #budget: BodyBudget;
  readonly #streams: StreamUpgrade;

  constructor(
    adapterHost: HttpAdapterHost,
    config: ApplicationConfig,
    moduleRef: ModuleRef,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    @Inject(REQUEST_VERIFIER) verifier: RequestVerifier,
    budget: BodyBudget,
    streams: StreamUpgrade,
  ) {
    this.#adapterHost = adapterHost;
    this.#config = config;
    this.#moduleRef = moduleRef;
    this.#options = options;
    this.#verifier = verifier;
    this.#budget = budget;
    this.#streams = streams;
  }

  /**
   * Call it once, from the `configure` of the module that has the controllers: every setting of the app
   * is known there, and no route is registered yet.
   *
   * @throws PeerCloudError `UNSUPPORTED_ADAPTER` for an adapter that is neither Express nor Fastify
   */
  apply(): void {
    const { enabled, maxMessageBytes, limits } = this.#options;
    excludeFromGlobalPrefix(this.#config);
    exemptFromThrottlers(this.#moduleRef);
    // Without the gate the routes answer that nothing is there.
    if (!enabled) {
      return;
    }
    this.#gate = new ProtocolGate(
      {
        maxMessageBytes,
        maxDataBytes: limits.maxDataBytes,
        bodyTimeout: limits.bodyTimeout,
        budget: this.#budget,
        maxJsonDepth: limits.maxJsonDepth,
      },
      this.#verifier,
    );
    const adapter = this.#adapterHost.httpAdapter;
    installGate(adapter, this.#gate);
    this.#streams.attach(adapter.getHttpServer() as Server);
  }

  /** Breaks the connections of all requests that are not answered yet, and of all that still come. */
  cutOff(): void {
    this.#gate?.cutOff();
  }
}

/**
 * Frees the protocol's routes of the app's global prefix (PROTOCOL.md, section 1, path), and nothing
 * but them: the app's own `POST /message` keeps its prefix.
 */
function excludeFromGlobalPrefix(config: ApplicationConfig): void {
  const options = config.getGlobalPrefixOptions();
  const ours = [...PROTOCOL_PATHS].map((path) => ({
    path,
    pathRegex: new RegExp(`^${markedPath(path)}$`),
    requestMethod: RequestMethod.POST,
  }));
  config.setGlobalPrefixOptions({
    ...options,
    exclude: [...(options.exclude ?? []), ...ours],
  });
}

/** Takes the protocol out of every throttler of the app that has a name of its own; the unnamed one skips it anyway. */
function exemptFromThrottlers(moduleRef: ModuleRef): void {
  for (const name of throttlerNames(moduleRef)) {
    for (const controller of protocolControllers) {
      Reflect.defineMetadata(`${THROTTLER_SKIP_KEY}${name}`, true, controller);
    }
  }
}

function throttlerNames(moduleRef: ModuleRef): string[] {
  const options = throttlerOptions(moduleRef);
  const throttlers: unknown = Array.isArray(options)
    ? options
    : isJsonObject(options) && options.throttlers;
  return Array.isArray(throttlers)
    ? throttlers.map(
        (throttler: { name?: string }) => throttler.name ?? 'default',
      )
    : [];
}

function throttlerOptions(moduleRef: ModuleRef): unknown {
  try {
    return moduleRef.get<unknown>(THROTTLER_OPTIONS, { strict: false });
  } catch {
    return undefined;
  }
}
