import { createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { blackHole } from '../../../test/support/black-hole.js';
import {
  cleanups,
  codeOf,
  connect,
  http,
  json,
  listen,
  serve,
  serveRaw,
  TIMEOUT,
  transport,
  useTransport,
} from '../../../test/support/transport-fixture.js';
import type { TransportErrorCode } from '../transport.error.js';

useTransport();

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

  it.each<[string, number]>([
    ['soon, whatever time it has for the answer', 3 * 60_000],
    ['at its deadline, if that is sooner', 100],
  ])(
    'is UNREACHABLE %s, where nothing answers to a connection',
    async (_when, timeout) => {
      const hole = await blackHole();
      cleanups.push(() => hole.close());
      const answer = transport.request(hole, 'message', {}, { timeout });
      expect(await codeOf(answer)).toBe('UNREACHABLE');
    },
  );

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

  it('is OVERLOADED where others have all connections until its deadline', async () => {
    const silent = await Promise.all(
      Array.from({ length: 4 }, () => serveRaw(() => undefined)),
    );
    const controller = new AbortController();
    const { signal } = controller;
    const held = silent.map((address) =>
      transport.request(address, 'status', {}, { timeout: TIMEOUT, signal }),
    );
    const address = await serve((_request, response) => response.end('{}'));
    const ask = (timeout: number) =>
      transport.request(address, 'status', {}, { timeout });
    expect(await codeOf(ask(50))).toBe('OVERLOADED');
    const patient = ask(TIMEOUT);
    controller.abort();
    for (const each of held) {
      expect(await codeOf(each)).toBe('ABORTED');
    }
    expect(await patient).toMatchObject({ status: 200 });
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

describe('an interceptor that fails', () => {
  let requests: number;

  function ask() {
    requests = 0;
    return serve((_request, response) => {
      requests++;
      response.end('{}');
    }).then((address) =>
      transport.request(address, 'message', {}, { timeout: TIMEOUT }),
    );
  }

  /** Throws what cannot be made a string. */
  function fail(): never {
    const thrown: unknown = Object.create(null);
    throw thrown;
  }

  it('leaves the request UNREACHABLE where that was not sent', async () => {
    http.axiosRef.interceptors.request.use(fail);
    expect(await codeOf(ask())).toBe('UNREACHABLE');
    expect(requests).toBe(0);
  });

  it('leaves it perhaps arrived where that was sent', async () => {
    http.axiosRef.interceptors.response.use(fail);
    expect(await codeOf(ask())).toBe('CONNECTION_LOST');
    expect(requests).toBe(1);
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
        if (connection === 1) {
          socket.resetAndDestroy();
        } else {
          socket.write(json({ connection }));
        }
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
