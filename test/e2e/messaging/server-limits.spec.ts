import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';
import { RequestsSeen } from './support/requests-seen.js';

@Injectable()
class Handlers {
  readonly started: number[] = [];

  @OnPeerMessage('later')
  async later({ n }: { n: number }) {
    this.started.push(n);
    // Of different lengths, so that some are always at work.
    await new Promise((resolve) => setTimeout(resolve, n % 40));
    return { n };
  }
}

const seen = new RequestsSeen();
beforeEach(() => seen.start());
afterEach(async () => {
  await closePeers();
  seen.stop();
});

/** Sends without a pause for a time; every message has to be handled, in order, on one stream. */
async function sendFor(
  ms: number,
  onServer: (server: Server) => void,
): Promise<void> {
  const pair = await startPair({
    providers: [Handlers],
    receiver: { onServer },
  });
  const replies: Promise<unknown>[] = [];
  const begun = performance.now();
  await until(
    () => {
      for (let each = 0; each < 5; each++) {
        const n = replies.length;
        replies.push(pair.send({ type: 'later', n }, { timeout: 20_000 }));
      }
      return performance.now() > begun + ms;
    },
    { interval: 5 },
  );
  const sent = replies.map((_, n) => n);
  const handled = (await Promise.all(replies)) as { n: number }[];
  expect(handled.map(({ n }) => n)).toEqual(sent);
  expect(pair.receiver.app.get(Handlers).started).toEqual(sent);
  expect(seen.of('/stream', pair.sender, pair.receiver)).toBe(1);
  expect(seen.of('/message', pair.sender, pair.receiver)).toBe(0);
}

describe('streams to a server with limits of its own', () => {
  it('outlive its request timeout', async () => {
    const limits = {
      requestTimeout: 500,
      headersTimeout: 500,
      connectionsCheckingInterval: 100,
    };
    await sendFor(1500, (server) => Object.assign(server, limits));
  });

  it('outlive its time for idle connections', async () => {
    await sendFor(500, (server) => (server.keepAliveTimeout = 50));
  });

  it('outlive its time for connections on which nothing happens', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      receiver: { onServer: (server) => (server.timeout = 100) },
    });
    await send({ type: 'later', n: 0 });
    // A connection on which nothing happens at all shows when that time is over.
    const idle = connect(receiver.port, '127.0.0.1').resume();
    await once(idle, 'close');
    await send({ type: 'later', n: 1 });
    expect(seen.of('/stream', sender, receiver)).toBe(1);
  });

  it('are no more than it allows for one connection', async () => {
    await sendFor(500, (server) => (server.maxRequestsPerSocket = 1));
  });
});
