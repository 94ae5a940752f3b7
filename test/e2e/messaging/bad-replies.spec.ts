import { ConflictException, Injectable, Logger } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

/** Throws what is no Error. */
function fail(thrown: unknown): never {
  throw thrown;
}

@Injectable()
class Replies {
  @OnPeerMessage('cycle')
  cycle() {
    const reply: { self?: unknown } = {};
    reply.self = reply;
    return reply;
  }

  @OnPeerMessage('nothing')
  nothing() {
    return { toJSON: () => fail(undefined) };
  }

  @OnPeerMessage('bare')
  bare() {
    fail(Object.create(null));
  }

  @OnPeerMessage('thrown')
  thrown() {
    throw new ConflictException({ size: 1n });
  }

  @OnPeerMessage('big')
  big() {
    return { text: 'x'.repeat(5000) };
  }
}

const error = vi.fn<(text: string) => void>();
beforeEach(() => {
  vi.spyOn(Logger.prototype, 'error').mockImplementation(error);
});
afterEach(async () => {
  vi.restoreAllMocks();
  error.mockClear();
  await closePeers();
});

const logged = () => error.mock.calls.map(([text]) => text);

describe('replies that cannot go out', () => {
  it.each(['stream', '/message', 'self'])(
    'are a 500, and a line in the log that names the handler (%s)',
    async (lane) => {
      const { sender, receiver } = await startPair({
        providers: [Replies],
        ...(lane === '/message' && {
          options: { messaging: { stream: false } },
        }),
      });
      const { id } = (lane === 'self' ? sender : receiver).membership.self;
      for (const type of ['cycle', 'nothing', 'bare', 'thrown']) {
        await expect(sender.messaging.send(id, { type })).rejects.toMatchObject(
          {
            code: 'BAD_STATUS',
            status: 500,
          },
        );
      }
      expect(logged()).toEqual([
        expect.stringContaining('Replies.cycle'),
        expect.stringContaining('Replies.nothing'),
        expect.stringContaining('Replies.bare'),
        expect.stringContaining('Replies.thrown'),
      ]);
    },
  );

  it('are named as well when the sender takes no such size', async () => {
    const { send } = await startPair({
      providers: [Replies],
      options: { maxPeers: 20, limits: { maxAnswerBytes: 4000 } },
    });
    await expect(send({ type: 'big' })).rejects.toMatchObject({
      payload: { code: 'REPLY_TOO_LARGE' },
    });
    expect(logged()).toEqual([
      expect.stringMatching(/4000 bytes .*: .*Replies\.big/),
    ]);
  });
});
