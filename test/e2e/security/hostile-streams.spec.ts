import type {
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from 'node:http';
import type { MessageError } from '../../../src/messaging/messaging.errors.js';
import { until } from '../../support/until.js';
import { closePeers, startPeer } from '../module/support/peer-app.js';
import {
  closeFakePeers,
  maliciousMember,
  type FakePeer,
} from './support/fake-peer.js';

afterEach(async () => {
  await closePeers();
  await closeFakePeers();
});

/** Takes streams from now on: greets, and does with each what the test says. */
function takeStreams(
  { server }: FakePeer,
  onStream: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const [others] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.url !== '/stream') {
      others!(request, response as ServerResponse<IncomingMessage>);
      return;
    }
    const hello = { v: 1, heartbeat: 60_000, maxBytes: 1_000_000 };
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${JSON.stringify(hello)}\n`);
    request.on('error', () => undefined);
    onStream(request, response);
  });
}

describe('receivers of streams', () => {
  it('that end each stream again get their messages by /message', async () => {
    const alice = await startPeer();
    const mallory = await maliciousMember(alice, 'mallory', ['stream']);
    let streams = 0;
    takeStreams(mallory, (request, response) => {
      streams++;
      response.write('["x"]\n["r"]\n');
      request.resume().once('end', () => response.end('["e"]\n'));
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
      const peer = await maliciousMember(alice, id, ['stream']);
      takeStreams(peer, (request, response) => {
        request.setEncoding('utf8').on('data', (lines: string) => {
          if (lines.includes('["m"')) {
            response.write(partial, () => begun++);
          }
        });
      });
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
