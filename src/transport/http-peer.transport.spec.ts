import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { HttpPeerTransport } from './http-peer.transport.js';
import {
  createPeerHttpService,
  type PeerHttpService,
} from './peer-http.service.js';
import type { TransportErrorCode } from './transport.error.js';

const TIMEOUT = 10_000;
const MAX_ANSWER = 64 * 1024;

let http: PeerHttpService;
let transport: HttpPeerTransport;
const cleanups: (() => unknown)[] = [];

beforeEach(() => connect(4));

function connect(connectionsPerPeer: number): void {
  http = createPeerHttpService({
    timeout: TIMEOUT,
    maxAnswerBytes: MAX_ANSWER,
    connectionsPerPeer,
    maxConnectedPeers: 4,
  });
  transport = new HttpPeerTransport(http, {
    selfId: () => 'me',
    maxAnswerBytes: MAX_ANSWER,
  });
}

afterEach(async () => {
  await http.destroy();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(
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

const serve = (listener: RequestListener, host?: string) =>
  listen(createServer(listener), host);

/** A server of raw bytes: `talk` gets each connection's socket once it has sent something. */
function serveRaw(talk: (socket: Socket, connection: number) => void) {
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

function json(body: unknown): string {
  const bytes = JSON.stringify(body);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes}`;
}

async function codeOf(answer: Promise<unknown>): Promise<TransportErrorCode> {
  return answer.then(
    (value) => expect.fail(`answered ${JSON.stringify(value)}`),
    (error: { code: TransportErrorCode; name: string }) => {
      expect(error.name).toBe('TransportError');
      return error.code;
    },
  );
}

describe('an exchange', () => {
  it.each(['127.0.0.1', '::1'])('goes to %s and back', async (host) => {
    const seen: IncomingMessage[] = [];
    const address = await serve((request, response) => {
      seen.push(request);
      void text(request).then((body) => {
        response.statusCode = 404;
        response.end(JSON.stringify({ echo: JSON.parse(body) }));
      });
    }, host);
    const answer = await transport.request(
      address,
      'message',
      { text: 'ä' },
      { timeout: TIMEOUT },
    );
    expect(answer).toEqual({ status: 404, body: { echo: { text: 'ä' } } });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/message' });
    expect(seen[0]!.headers).toMatchObject({
      'x-peercloud-id': 'me',
      'content-type': 'application/json',
      'content-length': '13',
    });
    expect(seen[0]!.headers).not.toHaveProperty('accept-encoding');
  });

  it('takes a body that is JSON text already', async () => {
    const address = await serve((request, response) => {
      void text(request).then((body) => response.end(body));
    });
    const { body } = await transport.requestSerialized(
      address,
      'message',
      '{"a":1}',
      { timeout: TIMEOUT },
    );
    expect(body).toEqual({ a: 1 });
  });

  it('uses a connection again', async () => {
    connect(1);
    const ports = new Set<number | undefined>();
    const address = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });
    for (let i = 0; i < 5; i++) {
      await transport.request(address, 'message', {}, { timeout: TIMEOUT });
    }
    expect(ports.size).toBe(1);
  });

  it('keeps to the bound of connections for a peer', async () => {
    const server = createServer((_request, response) => {
      setImmediate(() => response.end('{}'));
    });
    const address = await listen(server);
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await Promise.all(
      Array.from({ length: 40 }, () =>
        transport.request(address, 'message', {}, { timeout: TIMEOUT }),
      ),
    );
    expect(sockets.size).toBeLessThanOrEqual(4);
  });

  it('keeps to the bound of peers with connections', async () => {
    let open = 0;
    const addresses = await Promise.all(
      Array.from({ length: 8 }, () => {
        const server = createServer((_request, response) => response.end('{}'));
        server.on('connection', (socket: Socket) => {
          open++;
          socket.on('close', () => open--);
        });
        return listen(server);
      }),
    );
    for (const address of [...addresses, ...addresses]) {
      await transport.request(address, 'message', {}, { timeout: TIMEOUT });
    }
    await vi.waitUntil(() => open <= 4, { timeout: TIMEOUT });
  });

  it('does not follow redirects', async () => {
    let requests = 0;
    const address = await serve((_request, response) => {
      requests++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const answer = await transport.request(
      address,
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(answer).toEqual({ status: 307, body: undefined });
    expect(requests).toBe(1);
  });

  it('uses no proxy of the environment', async () => {
    const address = await serve((_request, response) => response.end('{}'));
    const refused = 'http://127.0.0.1:1';
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, refused);
    }
    try {
      const answer = await transport.request(
        address,
        'status',
        {},
        { timeout: TIMEOUT },
      );
      expect(answer.status).toBe(200);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('has no body where the answer is no JSON', async () => {
    const address = await serve((_request, response) => response.end('<html>'));
    const answer = await transport.request(
      address,
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(answer).toEqual({ status: 200, body: undefined });
  });

  it("passes the users' interceptors", async () => {
    const address = await serve((request, response) => {
      response.end(JSON.stringify({ trace: request.headers['x-trace'] }));
    });
    http.axiosRef.interceptors.request.use((config) => {
      config.headers.set('x-trace', 'abc');
      return config;
    });
    const { body } = await transport.request(
      address,
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(body).toEqual({ trace: 'abc' });
  });
});

describe('an exchange that fails', () => {
  it('is REFUSED where nobody listens', async () => {
    const { ip, port } = await serve(() => undefined);
    await cleanups.pop()!();
    const answer = transport.request(
      { ip, port },
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(await codeOf(answer)).toBe('REFUSED');
  });

  it('is UNREACHABLE where no connection can be made', async () => {
    const answer = transport.request(
      { ip: 'no-such-host.invalid', port: 9338 },
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(await codeOf(answer)).toBe('UNREACHABLE');
  });

  it('is UNREACHABLE after close', async () => {
    const address = await serve((_request, response) => response.end('{}'));
    await http.close();
    const answer = transport.request(
      address,
      'status',
      {},
      { timeout: TIMEOUT },
    );
    expect(await codeOf(answer)).toBe('UNREACHABLE');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['silence', () => undefined],
    [
      'a drip of headers',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x: y\r\n'), 10);
        socket.on('close', () => clearInterval(drip));
      },
    ],
    [
      'a drip of body',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n');
        const drip = setInterval(() => socket.write(' '), 10);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('is a TIMEOUT after %s', async (_what, talk) => {
    const address = await serveRaw(talk);
    const answer = transport.request(address, 'status', {}, { timeout: 200 });
    expect(await codeOf(answer)).toBe('TIMEOUT');
  });

  it('is ABORTED by a signal, before and under way', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const address = await serveRaw(() => controller.abort());
    const options = { timeout: TIMEOUT, signal };
    expect(
      await codeOf(transport.request(address, 'message', {}, options)),
    ).toBe('ABORTED');
    expect(
      await codeOf(transport.request(address, 'message', {}, options)),
    ).toBe('ABORTED');
  });

  it.each<[string, TransportErrorCode, (socket: Socket) => void]>([
    ['a reset', 'CONNECTION_LOST', (socket) => socket.resetAndDestroy()],
    ['an end', 'CONNECTION_LOST', (socket) => socket.end()],
    [
      'an end in the middle',
      'CONNECTION_LOST',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{'),
    ],
    ['no HTTP', 'BAD_ANSWER', (socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
    [
      'endless headers',
      'BAD_ANSWER',
      (socket) =>
        socket.write(`HTTP/1.1 200 OK\r\n${'x: yyyyyyyy\r\n'.repeat(10_000)}`),
    ],
    [
      'a length over the bound',
      'BAD_ANSWER',
      (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n'),
    ],
    [
      'an endless answer',
      'BAD_ANSWER',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        socket.write(`4000\r\n${' '.repeat(0x4000)}\r\n`.repeat(8));
      },
    ],
    [
      'a compressed answer',
      'BAD_ANSWER',
      (socket) => {
        const bomb = gzipSync(Buffer.alloc(1_000_000));
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
        );
        socket.write(bomb);
      },
    ],
  ])('after %s is %s', async (_what, code, talk) => {
    const address = await serveRaw(talk);
    const answer = transport.request(
      address,
      'message',
      {},
      { timeout: TIMEOUT },
    );
    expect(await codeOf(answer)).toBe(code);
  });

  it('is an error of this side when the body cannot be serialised', async () => {
    const address = await serve((_request, response) => response.end('{}'));
    const body: { self?: object } = {};
    body.self = body;
    const answer = transport.request(address, 'message', body as never, {
      timeout: TIMEOUT,
    });
    expect(await codeOf(answer)).toBe('UNREACHABLE');
  });
});

describe('a connection that breaks before the answer', () => {
  beforeEach(() => connect(1));

  /** Answers the first request of the first connection, breaks it at the next, and answers later ones. */
  function breakAtReuse(onRequest: () => void) {
    return serveRaw((socket, connection) => {
      onRequest();
      socket.write(json({ connection }));
      socket.once('data', () => {
        onRequest();
        if (connection === 1) socket.resetAndDestroy();
        else socket.write(json({ connection }));
      });
    });
  }

  it('is tried again where the peer may get the request twice', async () => {
    let requests = 0;
    const address = await breakAtReuse(() => requests++);
    const ask = () =>
      transport.request(address, 'status', {}, { timeout: TIMEOUT });
    expect(await ask()).toMatchObject({ body: { connection: 1 } });
    expect(await ask()).toMatchObject({ body: { connection: 2 } });
    expect(requests).toBe(3);
  });

  it('is CONNECTION_LOST for a message, which is never sent twice', async () => {
    let requests = 0;
    const address = await breakAtReuse(() => requests++);
    const send = () =>
      transport.request(address, 'message', {}, { timeout: TIMEOUT });
    await send();
    expect(await codeOf(send())).toBe('CONNECTION_LOST');
    expect(requests).toBe(2);
  });

  it('is REFUSED if the process behind it has gone', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(json({}));
        socket.once('data', () => {
          server.close();
          socket.resetAndDestroy();
        });
      });
    });
    const address = await listen(server);
    const ask = () =>
      transport.request(address, 'status', {}, { timeout: TIMEOUT });
    await ask();
    expect(await codeOf(ask())).toBe('REFUSED');
  });
});

it('lets an Observable of its HttpService be given up', async () => {
  const ended = new Promise<void>((resolve) => {
    void serveRaw((socket) => {
      socket.on('close', () => resolve());
      subscription.unsubscribe();
    }).then(({ ip, port }) => {
      subscription = http
        .post(`http://${ip}:${port}/status`, {})
        .subscribe({ error: () => undefined });
    });
  });
  let subscription!: { unsubscribe(): void };
  await ended;
});
