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

/** Sends without a pause until so many streams have been opened; every message has to be handled, in order. */
async function sendOver(
  streams: number,
  onServer: (server: Server) => void,
  sender: object = {},
): Promise<void> {
  const pair = await startPair({
    providers: [Handlers],
    receiver: { onServer },
    sender: { messaging: { stream: sender } },
  });
  const replies: Promise<unknown>[] = [];
  await until(
    () => {
      for (let each = 0; each < 5; each++) {
        const n = replies.length;
        replies.push(pair.send({ type: 'later', n }, { timeout: 20_000 }));
      }
      return seen.of('/stream', pair.sender, pair.receiver) >= streams;
    },
    { interval: 5 },
  );
  const sent = replies.map((_, n) => n);
  const handled = (await Promise.all(replies)) as { n: number }[];
  expect(handled.map(({ n }) => n)).toEqual(sent);
  expect(pair.receiver.app.get(Handlers).started).toEqual(sent);
  expect(seen.of('/message', pair.sender, pair.receiver)).toBe(0);
}

describe('streams to a server with limits of its own', () => {
  it('are replaced before its request timeout, which is shorter than heartbeats', async () => {
    const limits = {
      requestTimeout: 2500,
      headersTimeout: 2500,
      connectionsCheckingInterval: 100,
    };
    await sendOver(4, (server) => Object.assign(server, limits));
  });

  it('outlive its time for idle connections', async () => {
    await sendOver(3, (server) => (server.keepAliveTimeout = 50), {
      maxLifetime: 500,
    });
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
    await sendOver(5, (server) => (server.maxRequestsPerSocket = 1), {
      maxLifetime: 100,
    });
  });
});
