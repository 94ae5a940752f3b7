import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { until } from '../../../../test/support/until.js';
import { FrameConnection, type FrameHandler } from './frame-connection.js';

/** A connection whose socket takes what is written when it is resumed. */
function connectionOn(highWaterMark?: number) {
  const socket = Object.assign(new PassThrough({ highWaterMark }), {
    setTimeout: () => undefined,
    setNoDelay: () => undefined,
    bytesWritten: 0,
  });
  const written: string[] = [];
  const write = socket.write.bind(socket);
  const handler = {
    onLine: vi.fn<FrameHandler['onLine']>(),
    onEnd: vi.fn<FrameHandler['onEnd']>(),
    onDrain: vi.fn<FrameHandler['onDrain']>(),
    onClose: vi.fn<FrameHandler['onClose']>(),
  };
  socket.pause();
  const connection = new FrameConnection(
    {
      socket: socket as unknown as Socket,
      head: Buffer.alloc(0),
      codec: undefined,
    },
    { maxBytes: 1_000_000 },
    handler,
    60_000,
  );
  const receive = (text: string) => socket.emit('data', Buffer.from(text));
  socket.write = ((chunk: string, ...rest: []) => {
    written.push(chunk.toString());
    return write(chunk, ...rest);
  }) as typeof socket.write;
  return { socket, handler, connection, written, receive };
}

describe('FrameConnection', () => {
  it.each([16, 128, 1024])(
    'is told of room after it was full, at a high-water mark of %s KiB',
    async (kibibytes) => {
      const { connection, socket, handler } = connectionOn(kibibytes * 1024);
      socket.removeAllListeners('data');
      socket.pause();
      while (!connection.isFull) {
        connection.write('x'.repeat(10_000));
      }
      socket.resume();
      await until(() => handler.onDrain.mock.calls.length > 0);
      expect(connection.isFull).toBe(false);
    },
  );

  it('gives a sign of life to who asks, once for all that came together', () => {
    const { written, receive, handler } = connectionOn();
    receive('1\n0\n1\n');
    expect(written).toEqual(['0\n']);
    expect(handler.onLine).not.toHaveBeenCalled();
  });

  it('gives signs of life while a long line is coming in', () => {
    const { written, receive } = connectionOn();
    const clock = vi.spyOn(performance, 'now');
    onTestFinished(() => clock.mockRestore());
    const start = performance.now();
    for (const ms of [0, 100, 400, 500, 800]) {
      clock.mockReturnValue(start + ms);
      receive('x'.repeat(100));
    }
    expect(written).toEqual(['0\n', '0\n']);
  });

  it('is over when its last line has gone out, and takes nothing after it', async () => {
    const { connection, handler, receive, socket } = connectionOn();
    connection.write('["e"]\n');
    connection.finish();
    connection.write('too late\n');
    receive('["m"]\n');
    expect(handler.onClose).not.toHaveBeenCalled();
    socket.resume();
    await until(() => handler.onClose.mock.calls.length > 0);
    expect(handler.onClose).toHaveBeenCalledWith(undefined);
    expect(handler.onLine).not.toHaveBeenCalled();
  });
});
