import {
  FakeStream,
  messageTo,
  streamMember,
} from '../../../test/support/stream-fixture.js';
import { until } from '../../../test/support/until.js';
import type { MembershipCore } from '../../membership/core/membership-core.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import type { HttpLane } from '../lanes/http.lane.js';
import type { OpenedStream } from './stream-opener.js';
import { StreamRefusedError } from './stream-refused.error.js';
import { StreamLane } from './stream.lane.js';
import { resolveStreamOptions } from './stream.options.js';

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
});
