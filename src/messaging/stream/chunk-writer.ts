import type { OutgoingMessage } from 'node:http';
import { allocatePiece } from '../../wire/slab.js';
import { SOCKET_BYTES } from './stream.constants.js';

const CRLF = '\r\n';

/**
 * Writes the body of a long request or answer. Where Node has its socket and chunked encoding, chunks go
 * to the socket as they are: one write instead of four pieces a tick later, a fifth less work for each
 * small message. Nothing else writes the body, so their order holds; `end()` is Node's own.
 */
export class ChunkWriter {
  private ended = false;

  constructor(
    private readonly message: OutgoingMessage,
    private readonly onDrain: () => void,
  ) {
    message.on('drain', onDrain);
    message.socket?.on('drain', onDrain);
  }

  /** True while the socket has as much to send as it may have. */
  get isFull(): boolean {
    // What the message would add is not asked for: its sum costs as much as a small write.
    const { socket } = this.message;
    return (socket ?? this.message).writableLength >= SOCKET_BYTES;
  }

  /** Bytes that the system has taken from here. */
  get taken(): number {
    const { socket } = this.message;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  /** After `end()` nothing is written any more. */
  write(data: string | Buffer): void {
    const { socket, chunkedEncoding } = this.message;
    if (this.ended) {
      return;
    }
    if (!socket || !chunkedEncoding) {
      this.message.write(data);
    } else if (typeof data === 'string') {
      const bytes = Buffer.byteLength(data);
      // ASCII, which most lines are, is written faster as Latin-1.
      const encoding = bytes === data.length ? 'latin1' : 'utf8';
      socket.write(bytes.toString(16) + CRLF + data + CRLF, encoding);
    } else {
      const size = data.length.toString(16) + CRLF;
      const chunk = allocatePiece(size.length + data.length + CRLF.length);
      chunk.write(size, 'latin1');
      data.copy(chunk, size.length);
      chunk.write(CRLF, chunk.length - CRLF.length, 'latin1');
      socket.write(chunk);
    }
  }

  end(): void {
    this.ended = true;
    this.message.end();
  }

  /** Breaks the connection. */
  destroy(): void {
    this.message.destroy();
  }

  /** Leaves the socket to whoever has it next. */
  release(): void {
    this.message.socket?.off('drain', this.onDrain);
  }
}
