import { FakeStream } from '../../../test/support/stream-fixture.js';
import { until } from '../../../test/support/until.js';
import type { MembershipCore } from '../../membership/core/membership-core.js';
import type { Member } from '../../membership/core/membership.types.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import type { HttpLane } from '../lanes/http.lane.js';
import { MessageBody } from '../message-body.js';
import type { OpenedStream } from './stream-opener.js';
import { StreamRefusedError } from './stream-refused.error.js';
import { StreamLane } from './stream.lane.js';
import { resolveStreamOptions } from './stream.options.js';

const memberOf = (id: string): Member => ({
  id,
  ip: '127.0.0.1',
  port: 1,
  data: {},
  features: ['stream'],
  incarnation: 1,
  state: 'alive',
});

describe('StreamLane', () => {
  it('keeps to its number of streams when refusals are over, all at once', async () => {
    const refusal = new StreamRefusedError(503, false);
    let opened = 0;
    let refuses = true;
    const open = (): Promise<OpenedStream> => {
      if (refuses) {
        return Promise.reject(refusal);
      }
      opened++;
      const stream = new FakeStream();
      stream.greet();
      return Promise.resolve(stream.opened);
    };
    let otherwise = 0;
    const http = { send: () => Promise.resolve({ at: ++otherwise }) };
    const lane = new StreamLane(
      { onEvent: () => () => undefined } as unknown as MembershipCore,
      {
        messaging: { stream: resolveStreamOptions({ maxStreams: 2 }, '') },
        limits: { maxAnswerBytes: 1000, maxJsonDepth: 10 },
      } as ResolvedPeerCloudOptions,
      open,
      http as unknown as HttpLane,
    );
    const sendToAll = () => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        const message = {
          body: new MessageBody({ id }, id),
          timeout: 60_000,
          deadline: performance.now() + 60_000,
          signal: undefined,
        };
        lane.send(memberOf(id), message).catch(() => undefined);
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
});
