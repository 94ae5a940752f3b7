import { Logger } from '@nestjs/common';
import { LogLines } from '../../../../test/e2e/protocol/support/log-lines.js';
import {
  BriefRefusal,
  FakeStream,
  messageTo,
  streamMember,
} from '../../../../test/support/stream-fixture.js';
import { until } from '../../../../test/support/until.js';
import type { MembershipCore } from '../../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../../options/peer-cloud.options.js';
import type { ResolvedLimitOptions } from '../../../options/limits.options.js';
import type { MessageError } from '../../messaging.errors.js';
import type { JsonValue } from '../../../wire/json.js';
import { OutgoingHead, type HttpLane } from '../../lanes/index.js';
import type { OpenSocket } from '../framing/index.js';
import { type StreamDialer, StreamRefusedError } from './stream-dialer.js';
import { StreamLane } from './stream.lane.js';
import {
  resolveStreamOptions,
  type StreamOptions,
} from '../../messaging.options.js';

function laneOf(
  options: StreamOptions,
  open: StreamDialer,
  http: HttpLane['send'],
  limits: Partial<ResolvedLimitOptions> = {},
): StreamLane {
  return new StreamLane(
    {
      onEvent: () => () => undefined,
      askOver: () => undefined,
      members: () => [],
    } as unknown as MembershipCore,
    {
      messaging: { stream: resolveStreamOptions(options, '') },
      limits: {
        maxAnswerBytes: 1000,
        maxJsonDepth: 10,
        maxIncomingBytes: 1_000_000,
        connectionsPerPeer: 1,
        maxRequestsToPeer: 100,
        ...limits,
      },
    } as ResolvedPeerCloudOptions,
    open,
    { send: http } as HttpLane,
  );
}

describe('StreamLane', () => {
  it('warns of a refusal that stays, with its reason', async () => {
    const logger = new LogLines();
    Logger.overrideLogger(logger);
    onTestFinished(() => Logger.overrideLogger(false));
    const open = () => Promise.reject(new StreamRefusedError(426, false));
    const lane = laneOf({}, open, () => Promise.resolve({}));
    await lane.send(streamMember('a', 7), messageTo('a', {}));
    await lane.send(streamMember('a', 7), messageTo('a', {}));
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/a at 127\.0\.0\.1:7 .*answered with 426.*proxy/),
    ]);
    lane.onApplicationShutdown();
  });

  it('keeps to its number of streams when refusals are over, all at once', async () => {
    const refusal = new StreamRefusedError(503, false);
    let opened = 0;
    let refuses = true;
    const open = (): Promise<OpenSocket> => {
      if (refuses) {
        return Promise.reject(refusal);
      }
      opened++;
      const stream = new FakeStream();
      stream.greet();
      return Promise.resolve(stream.opened);
    };
    let otherwise = 0;
    const http = () => Promise.resolve({ at: ++otherwise });
    const lane = laneOf({ maxStreams: 2 }, open, http);
    const sendToAll = () => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        lane
          .send(streamMember(id), messageTo(id, { id }))
          .catch(() => undefined);
      }
    };
    sendToAll();
    await until(() => otherwise === 5);
    refuses = false;
    const { pause } = refusal;
    const refusedAt = performance.now();
    await until(() => {
      sendToAll();
      return performance.now() > refusedAt + 1.5 * pause;
    });
    expect(opened).toBe(2);
    lane.onApplicationShutdown();
  });

  it('goes on by /message while it tries again to open a stream', async () => {
    const stream = new FakeStream();
    let attempts = 0;
    let open!: () => void;
    const lane = laneOf(
      {},
      () =>
        ++attempts === 1
          ? Promise.reject(new BriefRefusal(undefined, false))
          : new Promise((resolve) => (open = () => resolve(stream.opened))),
      () => Promise.resolve({ otherwise: true }),
    );
    const send = () => lane.send(streamMember(), messageTo('a', {}));
    const sendOtherwise = async () =>
      expect(await send()).toEqual({ otherwise: true });
    await until(async () => {
      await sendOtherwise();
      return attempts === 2;
    });
    await sendOtherwise();
    expect(attempts).toBe(2);
    open();
    stream.greet();
    await until(() => {
      send().catch(() => undefined);
      return stream.lines.some((line) => line.startsWith('["m"'));
    });
    lane.onApplicationShutdown();
  });

  it.each([
    [
      'once for all that follow in a line',
      { channels: true },
      '["m",0,1,1,{},"a",2,1,{},3,1,{},"",4,1,{},{"channel":"a","metadata":{"n":"1"}},5,1,{}]',
    ],
    [
      'as an object before each, where the receiver knows no better',
      {},
      '["m",0,1,1,{},{"channel":"a"},2,1,{},{"channel":"a"},3,1,{},4,1,{},{"channel":"a","metadata":{"n":"1"}},5,1,{}]',
    ],
  ])('writes a channel %s', async (_, hello, expected) => {
    const stream = new FakeStream();
    const lane = laneOf(
      {},
      () => Promise.resolve(stream.opened),
      () => Promise.reject(new Error('must not be used')),
    );
    const a = new OutgoingHead('a');
    const more = new OutgoingHead('a', { n: '1' });
    for (const head of [undefined, a, a, undefined, more]) {
      const message = { ...messageTo('a', {}), head };
      lane.send(streamMember(), message).catch(() => undefined);
    }
    stream.greet(60_000, hello);
    await until(() => stream.lines.length === 2);
    // Ids in their order; times and the clock as they may be.
    let count = 0;
    const line = stream.lines[1]!.replace(/^\["m",\d+/, '["m",0').replaceAll(
      /\d+,\d+,\{\}/g,
      () => `${++count},1,{}`,
    );
    expect(line).toBe(expected);
    lane.onApplicationShutdown();
  });

  it('sends two messages by /message for each connection, while streams are refused', async () => {
    const http = vi.fn(() => new Promise<JsonValue>(() => undefined));
    const lane = laneOf(
      {},
      () => Promise.reject(new StreamRefusedError(404, false)),
      http,
      { connectionsPerPeer: 3 },
    );
    for (let n = 0; n < 10; n++) {
      lane.send(streamMember(), messageTo('a', {})).catch(() => undefined);
    }
    await until(() => http.mock.calls.length > 0);
    expect(http).toHaveBeenCalledTimes(6);
    lane.onApplicationShutdown();
  });

  it('keeps what all receivers have begun to reply within limits.maxIncomingBytes', async () => {
    const streams = { a: new FakeStream(), b: new FakeStream() };
    const lane = laneOf(
      {},
      ({ id }) => Promise.resolve(streams[id as 'a' | 'b'].opened),
      () => Promise.reject(new Error('must not be used')),
      { maxIncomingBytes: 50_000 },
    );
    const outcomes: string[] = [];
    for (const [id, stream] of Object.entries(streams)) {
      lane
        .send(streamMember(id), messageTo(id, {}))
        .catch(({ code }: MessageError) => outcomes.push(`${id} ${code}`));
      stream.greet();
      await until(() => stream.lines.length === 2);
      // Of each, 16 KiB count for nothing.
      stream.writeText('x'.repeat(50_000));
    }
    await until(() => outcomes.length > 0);
    expect(outcomes).toEqual(['b CONNECTION_LOST']);
    lane.onApplicationShutdown();
  });
});
