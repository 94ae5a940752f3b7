import type { MessageError } from '../../../src/messaging/messaging.errors.js';
import { takeStreams } from '../../support/stream-server.js';
import { until } from '../../support/until.js';
import { closePeers, startPeer } from '../module/support/peer-app.js';
import { closeFakePeers, maliciousMember } from './support/fake-peer.js';

const timers: NodeJS.Timeout[] = [];

afterEach(async () => {
  timers.splice(0).forEach((timer) => clearInterval(timer));
  await closePeers();
  await closeFakePeers();
});

describe('receivers of streams', () => {
  it('that end each stream again get their messages by /message', async () => {
    const alice = await startPeer();
    const mallory = await maliciousMember(alice, 'mallory', ['upgrade']);
    let streams = 0;
    takeStreams(mallory.server, ({ socket, write, onFrame }) => {
      streams++;
      write('["x"]\n["r"]');
      onFrame(() => socket.end('["e"]\n'));
    });
    const send = () => alice.messaging.send('mallory', {});
    expect(await send()).toEqual({});
    expect(await send()).toEqual({});
    expect(streams).toBe(3);
    expect(mallory.count('/message')).toBe(2);
  });

  it('hold only limits.maxIncomingBytes of memory by replies that all but end', async () => {
    const alice = await startPeer({
      options: { limits: { maxIncomingBytes: 400_000 } },
    });
    const stop = new AbortController();
    const outcomes: string[] = [];
    const partial = `["r",1,200,{"text":"${'x'.repeat(350_000)}`;
    let begun = 0;
    for (const id of ['first', 'second']) {
      const peer = await maliciousMember(alice, id, ['upgrade']);
      takeStreams(peer.server, ({ socket, onFrame }) =>
        onFrame(([kind]) => {
          if (kind === 'm') {
            socket.write(partial, () => begun++);
            // Who goes on is not taken for dead.
            timers.push(setInterval(() => socket.write('x'), 100));
          }
        }),
      );
      alice.messaging
        .send(id, {}, { signal: stop.signal, timeout: 60_000 })
        .catch(({ code }: MessageError) => outcomes.push(code));
    }
    await until(() => outcomes.length > 0);
    await until(() => begun === 2);
    expect(outcomes).toEqual(['CONNECTION_LOST']);
    stop.abort();
    await until(() => outcomes.length === 2);
    expect(outcomes[1]).toBe('ABORTED');
  });
});
