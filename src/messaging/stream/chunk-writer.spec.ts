import type { OutgoingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { ChunkWriter } from './chunk-writer.js';

/** A message whose socket holds that much before it asks for a pause. */
function messageOn(socket: PassThrough): OutgoingMessage {
  const message = new PassThrough();
  return Object.assign(message, {
    socket,
    chunkedEncoding: true,
  }) as unknown as OutgoingMessage;
}

describe('ChunkWriter', () => {
  it.each([16, 128, 1024])(
    'is told of room after it was full, at a high-water mark of %s KiB',
    async (kibibytes) => {
      const socket = new PassThrough({ highWaterMark: kibibytes * 1024 });
      const onDrain = vi.fn();
      const writer = new ChunkWriter(messageOn(socket), undefined, onDrain);
      while (!writer.isFull) {
        writer.write('x'.repeat(10_000));
      }
      socket.resume();
      await vi.waitUntil(() => onDrain.mock.calls.length > 0);
      expect(writer.isFull).toBe(false);
    },
  );

  it('leaves nothing on the socket, even if the message has let go of it already', () => {
    const socket = new PassThrough();
    const before = socket.listenerCount('drain');
    const message = messageOn(socket);
    const writer = new ChunkWriter(message, undefined, () => undefined);
    expect(socket.listenerCount('drain')).toBe(before + 1);
    Object.assign(message, { socket: null });
    writer.release();
    expect(socket.listenerCount('drain')).toBe(before);
  });
});
