import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import type { Contender } from '../contender.js';

/** More connections were no faster. */
const CONNECTIONS = 64;
const HEADERS = { 'content-type': 'application/json' };

function post(pool: Pool, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    pool.dispatch(
      {
        path: '/message',
        method: 'POST',
        headers: HEADERS,
        body: JSON.stringify(body),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: (_controller, chunk) => {
          chunks.push(chunk);
        },
        onResponseEnd: () =>
          resolve(JSON.parse(Buffer.concat(chunks).toString())),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const contender: Contender = {
  title: 'raw node:http + undici',
  parts: ['request-reply', 'broadcast'],
  notQuick: ['broadcast'],

  async server({ host }) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
        response.writeHead(200, HEADERS);
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    return { location: { port } };
  },

  async client({ host, peers }) {
    const pools = peers.map(
      ({ port }) =>
        new Pool(`http://${host}:${port}`, { connections: CONNECTIONS }),
    );
    return { send: (peer, body) => post(pools[peer]!, body) };
  },
};

export default contender;
