import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HealthCheckService } from './health/health-check.service.js';
import { IdleConnections, OwnListener } from './listener/index.js';
import type { MembershipCore } from './membership/core/membership-core.js';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
} from './options/peer-cloud.tokens.js';
import { nothingListens, noTcpPort } from './peer-cloud.messages.js';
import {
  ownPlaces,
  warnIfOpen,
  warnOfScheme,
} from './peer-cloud.reachability.js';
import { SelfCheckService } from './protocol/index.js';
import type { PeerHttpService } from './transport/http/index.js';
import { TlsReloader } from './transport/tls-reloader.js';

/**
 * When everything starts and ends: the membership when the port is known, its end while the port still
 * answers.
 */
@Injectable()
export class PeerCloudLifecycle
  implements
    OnApplicationBootstrap,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly #logger = new Logger('PeerCloud');
  readonly #ending = new AbortController();
  #connections: IdleConnections | undefined;

  readonly #adapterHost: HttpAdapterHost;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #core: MembershipCore;
  readonly #health: HealthCheckService;
  readonly #listener: OwnListener;
  readonly #selfCheck: SelfCheckService;
  readonly #http: PeerHttpService;
  readonly #tls: TlsReloader | undefined;

  constructor(
    adapterHost: HttpAdapterHost,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    health: HealthCheckService,
    listener: OwnListener,
    selfCheck: SelfCheckService,
    @Inject(PEER_HTTP_SERVICE) http: PeerHttpService,
    @Inject(TlsReloader) tls: TlsReloader | undefined,
  ) {
    this.#adapterHost = adapterHost;
    this.#options = options;
    this.#core = core;
    this.#health = health;
    this.#listener = listener;
    this.#selfCheck = selfCheck;
    this.#http = http;
    this.#tls = tls;
    if (!options.listener) {
      // It fires once, before anybody could subscribe later, and is not repeated.
      adapterHost.listen$.subscribe(() => this.#beginMounted());
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.#options.listener) {
      this.#begin(await this.#listener.open(this.#options.listener));
    } else if (!this.#adapterHost.httpAdapter) {
      this.#logger.warn(nothingListens);
    } else if (this.#adapterHost.listening) {
      this.#beginMounted();
    }
  }

  /** The server still answers here: goodbyes are said, and streams come to their end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#ending.abort();
    this.#health.stop();
    await this.#core.leave();
    this.#connections?.end();
  }

  /** The own listener closes when its streams are over: closing, it ends connections with replies to send. */
  async onApplicationShutdown(): Promise<void> {
    await this.#listener.close();
    this.#tls?.stop();
    this.#core.stop();
    await this.#http.close();
  }

  #beginMounted(): void {
    const server = this.#adapterHost.httpAdapter.getHttpServer() as Server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) {
      this.#connections = new IdleConnections(server);
      warnOfScheme(server, this.#options, this.#logger);
      this.#begin(address);
    } else {
      this.#logger.warn(noTcpPort(String(address)));
    }
  }

  #begin(address: AddressInfo): void {
    if (this.#ending.signal.aborted) {
      return;
    }
    warnIfOpen(address, this.#options, this.#logger);
    this.#core.start({ port: this.#options.port ?? address.port });
    this.#health.start();
    this.#tls?.start();
    // The start of the app does not wait for it.
    setImmediate(() => void this.#checkMyself(address));
  }

  async #checkMyself(address: AddressInfo): Promise<void> {
    for (const place of ownPlaces(address, this.#options)) {
      await this.#selfCheck.run(place, this.#ending.signal);
    }
  }
}
