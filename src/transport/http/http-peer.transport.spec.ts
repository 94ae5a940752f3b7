import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  codeOf,
  connect,
  http,
  listen,
  serve,
  serveRaw,
  TIMEOUT,
  transport,
  useTransport,
} from '../../../test/support/transport-fixture.js';

useTransport();

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

  it('is BAD_ANSWER where the reply to a message is no JSON', async () => {
    let text = '';
    let status = 200;
    const address = await serve((_request, response) => {
      response.writeHead(status).end(text);
    });
    const ask = () =>
      transport.request(address, 'message', {}, { timeout: TIMEOUT });
    expect(await ask()).toEqual({ status, body: undefined });
    for (text of ['<html>please log in</html>', ' ', '{"cut":']) {
      expect(await codeOf(ask())).toBe('BAD_ANSWER');
    }
    status = 500;
    expect(await ask()).toEqual({ status, body: undefined });
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
