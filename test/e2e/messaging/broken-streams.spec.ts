import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { closePeers } from '../module/support/peer-app.js';
import { Ledger } from './support/ledger.js';
import { startPair } from './support/message-pair.js';

/** Connections that are broken in mid-stream; thousands with PEERCLOUD_LONG_TESTS=1. */
const BREAKS = process.env['PEERCLOUD_LONG_TESTS'] ? 5000 : 300;

@Injectable()
class Counter {
  readonly handled = new Map<number, number>();

  @OnPeerMessage('count')
  count({ n }: { n: number }) {
    this.handled.set(n, (this.handled.get(n) ?? 0) + 1);
    return n % 3 === 0
      ? new Promise((resolve) => setImmediate(resolve, { n }))
      : { n };
  }
}

/** The receiver's sockets of open streams, by a channel of Node's own. */
class StreamSockets {
  readonly open = new Set<Socket>();

  private readonly onRequest = (event: unknown) => {
    const { url, socket } = (event as { request: IncomingMessage }).request;
    if (url === '/stream') {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    }
  };

  start(): void {
    subscribe('http.server.request.start', this.onRequest);
  }

  stop(): void {
    unsubscribe('http.server.request.start', this.onRequest);
  }
}

const sockets = new StreamSockets();
beforeEach(() => sockets.start());
afterEach(async () => {
  await closePeers();
  sockets.stop();
});

describe('connections that break in mid-stream', () => {
  it('leave every message replied to or failed, once', async () => {
    const { send, receiver } = await startPair({ providers: [Counter] });
    const ledger = new Ledger();
    const sendSome = (count: number) => {
      for (let each = 0; each < count; each++) {
        const n = ledger.sent;
        ledger.enter(n, send({ type: 'count', n }, { timeout: 60_000 }));
      }
    };
    for (let broken = 0; broken < BREAKS; broken++) {
      const { replied: before = 0 } = ledger.summary();
      await until(
        () => {
          sendSome(1);
          return sockets.open.size > 0;
        },
        { interval: 1, timeout: 60_000 },
      );
      if (broken % 20 > 0) {
        await until(
          () => {
            sendSome(1);
            return (ledger.summary()['replied'] ?? 0) > before;
          },
          { interval: 1, timeout: 60_000 },
        );
      }
      // Broken at another moment each time: before, while or after messages are read.
      sendSome(broken % 7 === 0 ? 500 : 20);
      for (let turn = 0; turn < broken % 5; turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      for (const socket of sockets.open) {
        sockets.open.delete(socket);
        socket.destroy();
      }
      sendSome(3);
    }
    await until(() => ledger.pending === 0, { timeout: 60_000 });

    expect(ledger.faults(receiver.app.get(Counter).handled)).toEqual([]);
    const { replied = 0, CONNECTION_LOST: lost = 0 } = ledger.summary();
    expect(replied + lost).toBe(ledger.sent);
    expect(replied).toBeGreaterThan(BREAKS);
    expect(lost).toBeGreaterThan(0);
  }, 600_000);
});
