import { Logger } from '@nestjs/common';
import { replyText } from './message-outcome.js';

describe('replyText', () => {
  it('says of each handler once in a while that its replies are too large', () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    try {
      const payload = { text: 'x'.repeat(2000) };
      for (const handler of ['Large.first', 'Large.second', 'Large.first']) {
        for (const maxBytes of [1024, 1025]) {
          const message = {
            handler,
            body: { type: 'all' },
            sender: { id: 'a' },
          };
          const outcome = { status: 200, payload, message };
          expect(replyText(outcome, maxBytes).json).toContain(
            'REPLY_TOO_LARGE',
          );
        }
      }
      expect(logged.mock.calls).toEqual([
        [
          expect.stringMatching(
            /message all from peer a .* 1024 bytes .*: Large\.first$/,
          ),
        ],
        [expect.stringMatching(/1024 bytes .*: Large\.second$/)],
      ]);
    } finally {
      logged.mockRestore();
    }
  });
});
