import http, { Agent } from 'node:http';
import https from 'node:https';
import { Injectable } from '@nestjs/common';
import axios from 'axios';
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerAppSetup,
} from './support/peer-app.js';

/** What an app may set for its own requests, all of it fatal to those between peers. */
const DEFAULTS = {
  baseURL: 'http://127.0.0.1:1/api',
  allowAbsoluteUrls: false,
  signal: AbortSignal.abort(),
  timeout: 1,
  maxContentLength: 1,
  maxBodyLength: 1,
  proxy: { protocol: 'http', host: '127.0.0.1', port: 1 },
  adapter: 'fetch',
  auth: { username: 'app', password: 'secret' },
  params: { key: 'of the app' },
  headers: {
    common: { 'content-type': 'text/plain' },
    post: { 'content-type': 'text/plain' },
  },
  validateStatus: () => false,
  transformRequest: () => 'not what was meant',
  transformResponse: () => 'not what was answered',
} as const;

class ForeignAgent extends Agent {
  override createConnection(): never {
    throw new Error('a request of this package by the agent of the app');
  }
}

const before = {
  axios: { ...axios.defaults },
  http: http.globalAgent,
  https: https.globalAgent,
  dispatcher: getGlobalDispatcher(),
};

beforeEach(() => {
  Object.assign(axios.defaults, DEFAULTS);
  http.globalAgent = new ForeignAgent();
  https.globalAgent = new ForeignAgent() as unknown as https.Agent;
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  setGlobalDispatcher(dispatcher);
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) {
    vi.stubEnv(name, 'http://127.0.0.1:1');
  }
  vi.stubEnv('NO_PROXY', undefined);
});

afterEach(async () => {
  await closePeers();
  for (const name of Object.keys(axios.defaults)) {
    delete (axios.defaults as Record<string, unknown>)[name];
  }
  Object.assign(axios.defaults, before.axios);
  http.globalAgent = before.http;
  https.globalAgent = before.https;
  setGlobalDispatcher(before.dispatcher);
  vi.unstubAllEnvs();
});

@Injectable()
class Echo {
  @OnPeerMessage()
  echo({ text }: { text: string }) {
    return { echo: text };
  }
}

const WAYS: Record<string, PeerAppSetup> = {
  'Express, mounted': { adapter: 'express' },
  'Fastify, mounted': { adapter: 'fastify' },
  'Express, own listener': { adapter: 'express', place: 'own listener' },
  'Fastify, own listener': { adapter: 'fastify', place: 'own listener' },
};

const CLOUDS: Record<string, PeerCloudOptions> = {
  'an open cloud': {},
  'a signed cloud': {
    security: { secret: 'a secret of thirty-two characters' },
  },
  'a cloud without streams': { messaging: { stream: false } },
};

describe.each(Object.entries(WAYS))('on %s', (_way, setup) => {
  it.each(Object.entries(CLOUDS))(
    'nothing that the app has set for its own requests reaches those of %s',
    async (_cloud, options) => {
      const first = await startPeer({ ...setup, options, providers: [Echo] });
      const second = await startPeer({
        ...setup,
        options: { ...options, peers: [first.address] },
        providers: [Echo],
      });
      await until(() => agree([first, second]));
      for (const peer of [first, second]) {
        const replies = await peer.messaging.broadcast({ text: 'hello' });
        expect(replies).toMatchObject([{ value: { echo: 'hello' } }]);
        // What stops a stream alone would not be seen otherwise.
        const kind = options.messaging ? 'message' : 'stream';
        expect(replies[0]!.peer.lane).toMatchObject({ kind });
      }
    },
  );
});
