import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../../src/wire/json.js';

/** What a fake peer was asked. */
export interface Call {
  path: string;
  body: JsonObject;
}

/** A server that says what an attacker wants it to say. */
export interface FakePeer {
  port: number;
  server: Server;
  /** What `/status` answers; to be changed at will. */
  status: JsonObject;
  /** What else its answers carry. */
  headers: Record<string, string>;
  /** What `/message` answers. */
  reply: JsonObject;
  calls: Call[];
  /** Requests to an endpoint so far. */
  count(path: string): number;
}

export interface PostAnswer {
  status: number;
  headers: Headers;
  body: JsonObject;
}

const servers = new Set<Server>();

const ACKNOWLEDGEMENTS: Record<string, string> = {
  '/joined': 'added',
  '/left': 'removed',
  '/update': 'updated',
  '/join': 'rejected',
};

/** Starts one on loopback. */
export async function fakePeer(status: JsonObject): Promise<FakePeer> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const text = Buffer.concat(chunks).toString();
      calls.push({ path, body: parse(text) });
      const known = ACKNOWLEDGEMENTS[path];
      const answer = known === undefined ? fake.status : { status: known };
      const { headers } = fake;
      const type = { 'content-type': 'application/json' };
      response.writeHead(200, { ...type, ...headers });
      response.end(JSON.stringify(path === '/message' ? fake.reply : answer));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.add(server);
  const { port } = server.address() as AddressInfo;
  const fake: FakePeer = {
    port,
    server,
    status: { online: true, listening: true, joined: true, ...status },
    headers: {},
    reply: {},
    calls,
    count: (path) => calls.filter((call) => call.path === path).length,
  };
  return fake;
}

/** Ends one: nobody listens there any more. */
export async function closeFakePeer({
  server,
}: Pick<FakePeer, 'server'>): Promise<void> {
  servers.delete(server);
  const closing = new Promise((done) => server.close(done));
  server.closeAllConnections();
  await closing;
}

/** Ends all of them; for `afterEach`. */
export async function closeFakePeers(): Promise<void> {
  await Promise.all([...servers].map((server) => closeFakePeer({ server })));
}

/** A request as anybody can write it. */
export async function post(
  { port }: { port: number },
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<PostAnswer> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: parse(text),
  };
}

/** A fake peer that has got in: a member who means harm. */
export async function maliciousMember(
  target: { port: number },
  id: string,
  features: string[] = [],
): Promise<FakePeer & { id: string }> {
  const incarnation = Date.now();
  const advertised: JsonObject =
    features.length > 0 ? { features, incarnation } : {};
  const fake = await fakePeer({ id, ...advertised });
  const request = { id, ip: '127.0.0.1', port: fake.port, ...advertised };
  const answer = await post(target, '/join', request);
  expect(answer.body).toMatchObject({ status: 'joined', id });
  return Object.assign(fake, { id });
}

/** A member's request. */
export function say(
  member: { id: string },
  target: { port: number },
  path: string,
  body: unknown,
): Promise<PostAnswer> {
  return post(target, path, body, { 'x-peercloud-id': member.id });
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}
