import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { byAmount } from '../../support/amount.js';
import { until } from '../../support/until.js';
import { closePeers, type PeerAppSetup } from '../module/support/peer-app.js';
import { Ledger } from './support/ledger.js';
import { startPair } from './support/message-pair.js';
import { StreamSockets } from './support/stream-sockets.js';

/** Connections that are cut in mid-stream, for each way. */
const CUTS = byAmount({ quick: 25, slow: 80, long: 2000 });

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

const sockets = new StreamSockets();
beforeEach(() => sockets.start());
afterEach(async () => {
  await closePeers();
  sockets.stop();
});

const WAYS: Record<
  string,
  { receiver?: PeerAppSetup; options?: PeerCloudOptions }
> = {
  Express: { receiver: { adapter: 'express' } },
  Fastify: { receiver: { adapter: 'fastify' } },
  'a signed cloud': { options: { security: { secret: 'x'.repeat(40) } } },
};

describe('connections that are cut in mid-stream', () => {
  it.each(Object.entries(WAYS))(
    'leave every message replied to or failed, once (%s)',
    async (name, way) => {
      const { send, peer, receiver } = await startPair({
        providers: [Counter],
        ...way,
      });
      const ledger = new Ledger(peer.id);
      const sendSome = (count: number) => {
        for (let each = 0; each < count; each++) {
          ledger.enter((n) => send({ type: 'count', n }, { timeout: 60_000 }));
        }
      };
      const sendUntil = (condition: () => boolean) =>
        until(
          () => {
            sendSome(1);
            return condition();
          },
          {
            interval: 1,
            timeout: 60_000,
            what: () =>
              `${condition.toString()} after ${JSON.stringify(ledger.summary())}`,
          },
        );
      for (let cut = 0; cut < CUTS; cut++) {
        const before = ledger.replied;
        await sendUntil(() => sockets.open > 0);
        if (cut % 19 > 0) {
          await sendUntil(() => ledger.replied > before);
        }
        // Cut at another moment each time: before, while or after messages are read.
        sendSome(cut % 7 === 0 ? 500 : 20);
        for (let turn = 0; turn < cut % 5; turn++) {
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        sockets.cut(cut % 2 === 0 ? 'sender' : 'receiver');
        sendSome(3);
      }
      await until(() => ledger.pending === 0, { timeout: 60_000 });
      ledger.close();

      expect(ledger.faults(receiver.app.get(Counter).handled)).toEqual([]);
      const { replied = 0, CONNECTION_LOST: lost = 0 } = ledger.summary();
      expect(replied + lost).toBe(ledger.sent);
      expect(replied).toBeGreaterThan(CUTS);
      expect(lost).toBeGreaterThan(0);
      console.info(
        `${name}: ${CUTS} cuts, ${JSON.stringify(ledger.summary())}`,
      );
    },
    900_000,
  );
});
