import { createServer, type RequestListener, type Server } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
} from 'node:net';
import { HttpPeerTransport } from '../../src/transport/http/http-peer.transport.js';
import {
  createPeerHttpService,
  type PeerHttpService,
} from '../../src/transport/http/peer-http.service.js';
import type { TransportErrorCode } from '../../src/transport/transport.error.js';

export const TIMEOUT = 10_000;
const MAX_ANSWER = 64 * 1024;

/** The service and the transport of the test that runs. */
export let http: PeerHttpService;
export let transport: HttpPeerTransport;
export const cleanups: (() => unknown)[] = [];

/** Gives each test of the file a transport, and ends it and the servers afterwards. */
export function useTransport(): void {
  beforeEach(() => connect(4));
  afterEach(cleanUp);
}

export function connect(connectionsPerPeer: number): void {
  http = createPeerHttpService({
    timeout: TIMEOUT,
    maxAnswerBytes: MAX_ANSWER,
    connectionsPerPeer,
    maxConnectedPeers: 4,
    maxRequestsToPeer: 100,
    maxHeaderBytes: 16 * 1024,
  });
  transport = new HttpPeerTransport(http, {
    selfId: () => 'me',
    maxAnswerBytes: MAX_ANSWER,
  });
}

async function cleanUp(): Promise<void> {
  await http.destroy();
  for (const cleanup of cleanups.splice(0)) {
    await cleanup();
  }
}

export async function listen(
  server: Server | ReturnType<typeof createTcpServer>,
  host = '127.0.0.1',
) {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanups.push(() => {
    (server as Partial<Server>).closeAllConnections?.();
    return new Promise((resolve) => server.close(resolve));
  });
  return { ip: host, port: (server.address() as AddressInfo).port };
}

export const serve = (listener: RequestListener, host?: string) =>
  listen(createServer(listener), host);

/** A server of raw bytes: `talk` gets each connection's socket once it has sent something. */
export function serveRaw(talk: (socket: Socket, connection: number) => void) {
  let connections = 0;
  return listen(
    createTcpServer((socket) => {
      const connection = ++connections;
      socket.on('error', () => undefined);
      socket.once('data', () => talk(socket, connection));
      cleanups.unshift(() => socket.destroy());
    }),
  );
}

export function json(body: unknown): string {
  const bytes = JSON.stringify(body);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes}`;
}

export async function codeOf(
  answer: Promise<unknown>,
): Promise<TransportErrorCode> {
  return answer.then(
    (value) => expect.fail(`answered ${JSON.stringify(value)}`),
    (error: { code: TransportErrorCode; name: string }) => {
      expect(error.name).toBe('TransportError');
      return error.code;
    },
  );
}
