import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { RequestsSeen } from './support/requests-seen.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object) {
    return body;
  }
}

const seen = new RequestsSeen();
beforeEach(() => seen.start());
afterEach(async () => {
  await closePeers();
  seen.stop();
});

it.each([
  ['/stream', {}],
  ['/message', { messaging: { stream: false as const } }],
])(
  'a broadcast by %s serialises its body once for all peers',
  async (path, options) => {
    const sender = await startPeer({ options });
    const receivers = await Promise.all(
      [1, 2, 3].map(() =>
        startPeer({
          providers: [Echo],
          options: { ...options, peers: [sender.address] },
        }),
      ),
    );
    await until(() => agree([sender, ...receivers]));
    const toJSON = vi.fn(() => ({ text: 'hi' }));
    const results = await sender.messaging.broadcast({ toJSON });
    const values = results.map((result) => 'value' in result && result.value);
    expect(values).toEqual(receivers.map(() => ({ text: 'hi' })));
    expect(receivers.map((each) => seen.of(path, sender, each))).toEqual(
      receivers.map(() => 1),
    );
    expect(toJSON).toHaveBeenCalledTimes(1);
  },
);
