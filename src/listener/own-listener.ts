import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type INestApplication,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../options/peer-cloud.tokens.js';
import { TlsReloader } from '../transport/tls-reloader.js';
import {
  secureContextOptions,
  tlsServerOptions,
} from '../transport/tls.options.js';
import { formatAddress } from '../wire/address.js';
import {
  createInnerApp,
  createListenerServer,
  limitServer,
} from './inner-app.js';
import type { ResolvedListenerOptions } from './listener.options.js';

/** The own listener's port or host cannot be had (code `LISTEN_FAILED`). */
export class ListenFailedError extends PeerCloudError {
  override readonly name = 'ListenFailedError';

  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'LISTEN_FAILED',
      `the own listener cannot listen at ${address}: ${reason}. Give another one with listener.port (0 takes a free one) or listener.host`,
      { cause },
    );
  }
}

/** The protocol on a port of its own: a small inner Nest app around the outer app's services. */
@Injectable()
export class OwnListener {
  readonly #logger = new Logger('PeerCloud');
  #app: INestApplication<Server> | undefined;
  #connections: IdleConnections | undefined;

  readonly #adapterHost: HttpAdapterHost;
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #tls: TlsReloader | undefined;

  constructor(
    adapterHost: HttpAdapterHost,
    moduleRef: ModuleRef,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    @Inject(TlsReloader) tls: TlsReloader | undefined,
  ) {
    this.#adapterHost = adapterHost;
    this.#moduleRef = moduleRef;
    this.#options = options;
    this.#tls = tls;
  }

  /**
   * Starts to listen.
   *
   * @throws ListenFailedError if the port or the host cannot be had
   */
  async open(listener: ResolvedListenerOptions): Promise<AddressInfo> {
    const app = await this.#create();
    const { port: wanted, host } = listener;
    try {
      await (host === undefined
        ? app.listen(wanted)
        : app.listen(wanted, host));
    } catch (error) {
      await app.close();
      throw new ListenFailedError(
        formatAddress({ ip: host ?? '*', port: wanted }),
        error,
      );
    }
    this.#app = app;
    const {
      address: ip,
      port,
      ...rest
    } = app.getHttpServer().address() as AddressInfo;
    this.#logger.log(
      `the protocol has its own listener at ${formatAddress({ ip, port })}`,
    );
    return { address: ip, port, ...rest };
  }

  /** Stops listening; requests under way are answered first. */
  async close(): Promise<void> {
    if (this.#app) {
      this.#connections?.end();
      await this.#app.close();
      this.#app = undefined;
    }
  }

  /** Breaks all connections, and those that still come. */
  cutOff(): void {
    const server = this.#app?.getHttpServer();
    server?.on('connection', (socket) => socket.destroy());
    server?.closeAllConnections();
  }

  async #create(): Promise<INestApplication<Server>> {
    const { limits, tls } = this.#options;
    const serverOptions = {
      limits,
      ...(tls &&
        this.#tls && { tls: tlsServerOptions(tls, this.#tls.materials) }),
    };
    // Without HTTP, Nest has no adapter here, whatever the type says.
    const outer = this.#adapterHost.httpAdapter as
      HttpAdapterHost['httpAdapter'] | undefined;
    const app = await createInnerApp(
      this.#moduleRef,
      outer?.getType(),
      (handler) => createListenerServer(serverOptions, handler),
    );
    limitServer(app.getHttpServer(), serverOptions);
    this.#connections = new IdleConnections(app.getHttpServer());
    this.#tls?.onChange((materials) =>
      (app.getHttpServer() as SecureServer).setSecureContext(
        secureContextOptions(materials),
      ),
    );
    return app;
  }
}

/** Ms between two looks at connections that have fallen idle. */
const INTERVAL = 50;

/**
 * Ends the idle connections of a server that is shutting down. Node does that once, in `close()`; a
 * connection whose request ends a moment later, or that never brought one, would hold the shutdown up
 * for as long as the other side keeps it alive. Requests under way are left alone.
 */
export class IdleConnections {
  readonly #sockets = new Set<Socket>();

  readonly #server: Server;

  /** @param server one that nobody is connected to yet */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** From now on, as soon as the server does not listen any more. */
  end(): void {
    const timer = setInterval(() => this.#sweep(), INTERVAL).unref();
    this.#server.once('close', () => clearInterval(timer));
  }

  #sweep(): void {
    if (this.#server.listening) {
      return;
    }
    const sockets = [...this.#sockets];
    // Node takes a connection for idle whose answer is written, but not yet sent.
    if (sockets.every(({ writableLength }) => writableLength === 0)) {
      this.#server.closeIdleConnections();
    }
    for (const socket of sockets) {
      if (socket.bytesRead === 0) {
        socket.destroy();
      }
    }
  }
}
