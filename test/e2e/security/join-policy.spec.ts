import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { JOIN_CHECK_TIMEOUT } from '../../../src/membership/core/options/membership.options.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { heard } from '../../support/heard.js';
import { until } from '../../support/until.js';
import { closeServers, serve as serveAt } from './support/plain-server.js';
import { whyRefused } from './support/refused-join.js';
import {
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

/** Joiners that are called back at once. */
const CHECKS_AT_ONCE = 4;

afterEach(async () => {
  await closePeers();
  closeServers();
});

/** At all of this machine's addresses, so that only the policy is in the way. */
const serve = (answer: RequestListener) => serveAt(answer, '0.0.0.0');

async function join(
  { port }: PeerApp,
  body: object,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`http://127.0.0.1:${port}/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

const CHECK_FAILED = {
  status: 200,
  body: {
    status: 'rejected',
    error: { code: 'CHECK_FAILED', message: expect.any(String) as string },
  },
};

/** From now on the peer sees its callers at this address. */
function callersAt(remoteAddress: string, { app }: PeerApp): void {
  const server = (app as INestApplication<Server>).getHttpServer();
  server.prependListener('connection', (socket: Socket) =>
    Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress }),
  );
}

describe('whom a /join makes a peer call', () => {
  it.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '8.8.8.8',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('not %s', async (ip) => {
    const peer = await startPeer();
    const why = await whyRefused(async () => {
      const answer = await join(peer, { id: 'x', ip, port: 9338 });
      expect(answer).toEqual(CHECK_FAILED);
    });
    expect(why).toMatch(/^its address .* at .*:9338$/);
    expect(peer.membership.peers()).toEqual([]);
  });

  it.each(['2852039166', '0xa9fea9fe'])(
    'not %s, a number that some take for an address',
    async (ip) => {
      const peer = await startPeer();
      expect((await join(peer, { id: 'x', ip })).status).toBe(400);
      expect(peer.membership.peers()).toEqual([]);
    },
  );

  it.each(['64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1', '::a9fe:a9fe'])(
    'not %s, a way round to the metadata service, even if everything is allowed',
    async (ip) => {
      const peer = await startPeer({
        options: { addresses: { allow: ['::/0', '0.0.0.0/0'], public: true } },
      });
      const why = await whyRefused(async () =>
        expect(await join(peer, { id: 'x', ip })).toEqual(CHECK_FAILED),
      );
      expect(why).toMatch(/^its address /);
    },
  );

  it('no port below 1024', async () => {
    const peer = await startPeer();
    const why = await whyRefused(async () =>
      expect(await join(peer, { id: 'x', port: 22 })).toEqual(CHECK_FAILED),
    );
    expect(why).toBe(
      'its address has a port below 1024 (option addresses.privilegedPorts) at 127.0.0.1:22',
    );
  });

  it('nobody by way of a redirect', async () => {
    let calls = 0;
    const inner = await serve((_request, response) => {
      calls++;
      response.end('{"id":"x","online":true}');
    });
    const port = await serve((_request, response) => {
      const location = `http://127.0.0.1:${inner}/status`;
      response.writeHead(307, { location }).end();
    });
    const peer = await startPeer();
    expect(await join(peer, { id: 'x', port })).toEqual(CHECK_FAILED);
    expect(calls).toBe(0);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.0.0.2', 'localhost'])(
    'nobody at %s for a joiner that a trusted proxy has seen elsewhere',
    async (ip) => {
      let calls = 0;
      const port = await serve((_request, response) => {
        calls++;
        response.end('{"id":"x","online":true}');
      });
      const peer = await startPeer();
      (peer.app as NestExpressApplication).set('trust proxy', true);
      const headers = { 'x-forwarded-for': '192.168.1.5' };
      expect(await join(peer, { id: 'x', ip, port }, headers)).toEqual(
        CHECK_FAILED,
      );
      expect(calls).toBe(0);
    },
  );

  it('nobody whom a forged X-Forwarded-For names', async () => {
    const port = await serve((_request, response) => {
      response.end('{"id":"x","online":true}');
    });
    const peer = await startPeer();
    const headers = {
      'x-forwarded-for': '10.9.9.9',
      forwarded: 'for=10.9.9.9',
      'x-real-ip': '10.9.9.9',
    };
    const answer = await join(peer, { id: 'x', port }, headers);
    expect(answer.body).toMatchObject({ status: 'joined', ip: '127.0.0.1' });
  });

  it('nobody on loopback for a joiner from elsewhere, whatever X-Forwarded-For says', async () => {
    let calls = 0;
    const port = await serve((_request, response) => {
      calls++;
      response.end('{"id":"x","online":true}');
    });
    const peer = await startPeer();
    callersAt('192.168.1.5', peer);
    const headers = { 'x-forwarded-for': '127.0.0.1' };
    for (const ip of [
      '127.0.0.1',
      '::1',
      '::ffff:127.0.0.1',
      '127.0.0.2',
      'localhost',
    ]) {
      const answer = await join(peer, { id: 'x', ip, port }, headers);
      expect(answer).toEqual(CHECK_FAILED);
    }
    expect(calls).toBe(0);
  });
});

describe('a refusal after the check of a joiner', () => {
  it('looks the same from outside, and takes as long, whatever the check found', async () => {
    const silent = await serve((request) => request.socket.destroy());
    const other = await serve((_request, response) => {
      response.end('{"id":"somebody else","online":true}');
    });
    const page = await serve((_request, response) => {
      response.end('<html>an intranet page</html>');
    });
    const failing = await serve((_request, response) => {
      response.writeHead(500).end('{"secret":"stack"}');
    });
    const peer = await startPeer();
    const hanging = await serve(() => undefined);
    const attempts: object[] = [silent, other, page, failing, hanging, 1].map(
      (port) => ({ port }),
    );
    attempts.push({ ip: '169.254.169.254' }, { ip: 'no-such-host.invalid' });
    const start = performance.now();
    const answers = await Promise.all(
      attempts.map(async (attempt) => {
        const answer = await join(peer, { id: 'x', ...attempt });
        return { answer, time: performance.now() - start };
      }),
    );
    for (const { answer, time } of answers) {
      expect(answer).toEqual(CHECK_FAILED);
      // The longest check takes 500 ms: nobody hears of a shorter one before.
      expect(time).toBeGreaterThan(500);
    }
  });

  it('takes as long for all of them under load, too', async () => {
    let calls = 0;
    const hanging = await serve(() => void calls++);
    const other = await serve((_request, response) => {
      response.end('{"id":"somebody else","online":true}');
    });
    const peer = await startPeer({
      options: { limits: { maxJoinChecks: CHECKS_AT_ONCE } },
    });
    const start = performance.now();
    const load = Array.from({ length: CHECKS_AT_ONCE }, (_, index) =>
      join(peer, { id: `load-${index}`, port: hanging }),
    );
    await until(() => calls === CHECKS_AT_ONCE);
    const times = [1, other, hanging].map(async (port) => {
      expect(await join(peer, { id: 'x', port })).toEqual(CHECK_FAILED);
      return performance.now() - start;
    });
    // Those before them, and then their own.
    for (const time of await Promise.all(times)) {
      expect(time).toBeGreaterThan(2 * JOIN_CHECK_TIMEOUT);
    }
    await Promise.all(load);
  });
});

it('a refused join is told to whoever listens', async () => {
  const alice = await startPeer({ options: { cloud: 'one' } });
  const refused = await heard('peercloud:join.refused', () =>
    join(alice, { id: 'stranger', cloud: 'two' }),
  );
  expect(refused).toEqual([
    {
      code: 'WRONG_CLOUD',
      reason: 'this is a cloud of another name',
      id: 'stranger',
      remoteAddress: '127.0.0.1',
      self: alice.membership.self.id,
    },
  ]);
});

it('the application decides about joins that are good otherwise', async () => {
  const attempts: unknown[] = [];
  const seed = await startPeer({
    options: {
      security: {
        authorize: ({ data }, attempt) => {
          attempts.push(attempt);
          if (data.role === undefined) {
            throw new Error('no role');
          }
          return data.role === 'friend';
        },
      },
    },
  });
  const peers = [seed.address];
  for (const role of ['friend', 'foe', null]) {
    const data: JsonObject = role === null ? {} : { role };
    const peer = await startPeer({ options: { peers, data } });
    await peer.membership.whenJoined();
    expect(peer.membership.isJoined).toBe(role === 'friend');
  }
  expect(attempts[0]).toEqual({ remoteAddress: '127.0.0.1', signed: false });
});
