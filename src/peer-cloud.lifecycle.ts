import cluster from 'node:cluster';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type LoggerService,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { HealthCheckSchedule } from './health/health-check.schedule.js';
import { IdleConnections, OwnListener } from './listener/index.js';
import type { MembershipCore } from './membership/index.js';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
  PEER_LINK,
} from './options/peer-cloud.tokens.js';
import {
  http2Only,
  nothingListens,
  notListening,
  noTcpPort,
  stillStarting,
  httpsWithoutTls,
  openToAll,
  sharedPort,
  tlsWithoutHttps,
} from './peer-cloud.messages.js';
import {
  LinkReceiver,
  ProtocolSetup,
  SelfCheckService,
} from './protocol/index.js';
import type { PeerHttpService } from './transport/http/index.js';
import type { TransportLink } from './transport/link/index.js';
import { TlsReloader } from './transport/tls-reloader.js';
import { formatAddress, isLoopback, sameAddress } from './wire/address.js';
import type { PeerAddress } from './wire/bodies.js';

/** Ms that an app's `onApplicationBootstrap` hooks may take before this peer says that it waits for them. */
const HOOKS_PATIENCE = 15_000;

/** The same from the last of them until the app listens. */
const LISTEN_PATIENCE = 5000;

/**
 * When everything starts and ends: the membership when the app is up and the port is known, its end while
 * the port still answers.
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
  /** Until the peer has begun, when to say what it waits for; at the end, when to wait no longer. */
  #timer: NodeJS.Timeout | undefined;

  readonly #adapterHost: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #core: MembershipCore;
  readonly #health: HealthCheckSchedule;
  readonly #listener: OwnListener;
  readonly #setup: ProtocolSetup;
  readonly #selfCheck: SelfCheckService;
  readonly #http: PeerHttpService;
  readonly #tls: TlsReloader | undefined;
  readonly #link: TransportLink | undefined;
  readonly #receiver: LinkReceiver;

  constructor(
    adapterHost: HttpAdapterHost,
    modules: ModulesContainer,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    health: HealthCheckSchedule,
    listener: OwnListener,
    setup: ProtocolSetup,
    selfCheck: SelfCheckService,
    @Inject(PEER_HTTP_SERVICE) http: PeerHttpService,
    @Inject(TlsReloader) tls: TlsReloader | undefined,
    @Inject(PEER_LINK) link: TransportLink | undefined,
    receiver: LinkReceiver,
  ) {
    this.#adapterHost = adapterHost;
    this.#modules = modules;
    this.#options = options;
    this.#core = core;
    this.#health = health;
    this.#listener = listener;
    this.#setup = setup;
    this.#selfCheck = selfCheck;
    this.#http = http;
    this.#tls = tls;
    this.#link = link;
    this.#receiver = receiver;
    if (options.enabled && !options.listener && !link) {
      // It fires once, before anybody could subscribe later, and is not repeated.
      adapterHost.listen$.subscribe(() => this.#beginMounted());
    }
  }

  /** Nothing reaches the app's handlers before all of its hooks are done. */
  onApplicationBootstrap(): void {
    if (!this.#options.enabled) {
      return;
    }
    this.#warnIn(HOOKS_PATIENCE, stillStarting);
    afterAllBootstrapHooks(this.#modules, () => this.#appIsUp());
  }

  /** The server still answers here: goodbyes are said, and streams come to their end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#ending.abort();
    this.#health.stop();
    clearTimeout(this.#timer);
    const enough = new Promise<void>((resolve) => {
      this.#timer = setTimeout(() => {
        this.#cutOff();
        resolve();
      }, this.#options.shutdownTimeout).unref();
    });
    await Promise.race([this.#core.leave(), enough]);
    this.#connections?.end();
  }

  /** The own listener closes when its streams are over: closing, it ends connections with replies to send. */
  async onApplicationShutdown(): Promise<void> {
    await this.#listener.close();
    await this.#link?.close();
    this.#tls?.stop();
    this.#core.stop();
    await this.#http.close();
    clearTimeout(this.#timer);
  }

  async #appIsUp(): Promise<void> {
    const { listener } = this.#options;
    clearTimeout(this.#timer);
    if (this.#link) {
      await this.#link.open(this.#receiver);
      this.#start(this.#link.address.port);
    } else if (listener) {
      this.#begin(await this.#listener.open(listener));
    } else if (!this.#adapterHost.httpAdapter) {
      this.#logger.warn(nothingListens);
    } else if (this.#adapterHost.listening) {
      this.#beginMounted();
    } else {
      this.#warnIn(LISTEN_PATIENCE, notListening);
    }
  }

  #warnIn(ms: number, text: string): void {
    this.#timer = setTimeout(() => this.#logger.warn(text), ms).unref();
  }

  #beginMounted(): void {
    clearTimeout(this.#timer);
    const server = this.#adapterHost.httpAdapter.getHttpServer() as Server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) {
      this.#connections = new IdleConnections(server);
      warnOfScheme(server, this.#options, this.#logger);
      const obstacle = obstacleOf(server);
      if (obstacle) {
        this.#logger.warn(obstacle);
      }
      this.#begin(address, !obstacle);
    } else {
      this.#logger.warn(noTcpPort(String(address)));
    }
  }

  #begin(address: AddressInfo, checksItself = true): void {
    if (this.#ending.signal.aborted) {
      return;
    }
    warnIfOpen(address, this.#options, this.#logger);
    this.#start(this.#options.port ?? address.port);
    this.#tls?.start();
    if (checksItself) {
      // The start of the app does not wait for it.
      setImmediate(() => void this.#checkMyself(address));
    }
  }

  #start(port: number): void {
    if (!this.#ending.signal.aborted) {
      this.#core.start({ port });
      this.#health.start();
    }
  }

  async #checkMyself(address: AddressInfo): Promise<void> {
    for (const place of ownPlaces(address, this.#options)) {
      await this.#selfCheck.run(place, this.#ending.signal);
    }
  }

  /** Closing has taken its time: what is still under way on either side would hold it up for longer. */
  #cutOff(): void {
    this.#setup.cutOff();
    this.#listener.cutOff();
    this.#link?.cutOff();
    void this.#http.destroy();
  }
}

/**
 * Runs work as the last of an app's `onApplicationBootstrap` hooks, so that nothing reaches its handlers
 * while some of them are still getting ready. To be called from such a hook. Nest goes through the modules
 * one by one, the root module at last, and in a module it calls the module's own class at last: so the work
 * stands behind the hook of that class.
 */
export function afterAllBootstrapHooks(
  modules: ModulesContainer,
  work: () => Promise<void> | void,
): void {
  const [root] = [...modules.values()].sort((a, b) => a.distance - b.distance);
  const instance = root!.instance as Partial<OnApplicationBootstrap>;
  const own = instance.onApplicationBootstrap?.bind(instance);
  instance.onApplicationBootstrap = async () => {
    await own?.();
    await work();
  };
}

const LOOPBACK_OF: Readonly<Record<string, string>> = {
  '0.0.0.0': '127.0.0.1',
  '::': '127.0.0.1',
};

/** Where this process itself reaches a server: on loopback, if it listens on all interfaces. */
function reachableAt(
  { address, port }: AddressInfo,
  { tls }: ResolvedPeerCloudOptions,
): PeerAddress {
  return {
    ip: LOOPBACK_OF[address] ?? address,
    port,
    ...(tls && { scheme: 'https' as const }),
  };
}

/** Where this peer can ask itself: at its own server, and where others are told to call it, if that differs. */
export function ownPlaces(
  server: AddressInfo,
  options: ResolvedPeerCloudOptions,
): PeerAddress[] {
  const inside = reachableAt(server, options);
  const { ip = inside.ip, port = inside.port } = options;
  const outside = { ...inside, ip, port };
  return sameAddress(inside, outside) ? [inside] : [inside, outside];
}

/** Why others cannot call a mounted peer at the app's own server, whatever they ask there; undefined where they can. */
export function obstacleOf(server: Server): string | undefined {
  if (cluster.isWorker) {
    return sharedPort;
  }
  // Servers of node:http2 have this; one with HTTPS offers its protocols to clients.
  const { ALPNProtocols: offered } = server as { ALPNProtocols?: Buffer };
  const isHttp2 = 'updateSettings' in server;
  return isHttp2 && !offered?.includes('http/1.1') ? http2Only : undefined;
}

/** Says that others would call a mounted peer by the wrong scheme. */
export function warnOfScheme(
  server: Server,
  { tls }: ResolvedPeerCloudOptions,
  logger: LoggerService,
): void {
  const isSecure = 'setSecureContext' in server;
  if (isSecure && !tls) {
    logger.warn(httpsWithoutTls);
  } else if (tls && !isSecure) {
    logger.warn(tlsWithoutHttps);
  }
}

/** Says once that a cloud without security can be reached by others. */
export function warnIfOpen(
  { address: ip, port }: AddressInfo,
  { security }: ResolvedPeerCloudOptions,
  logger: LoggerService,
): void {
  if (security.mode.kind === 'open' && !isLoopback(ip)) {
    logger.warn(openToAll(formatAddress({ ip, port })));
  }
}
