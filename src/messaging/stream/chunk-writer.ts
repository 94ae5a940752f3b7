import type { OutgoingMessage } from 'node:http';
import { PLAIN_CODEC, type StreamCodec } from '../../security/index.js';
import { textBytes, writeText, type Text } from '../../util/text-parts.js';
import { takePiece, type Piece } from '../../util/write-memory.js';
import { SOCKET_BYTES } from './stream.constants.js';

const CRLF = '\r\n';

/**
 * Writes the body of a long request or answer. Where Node has its socket and chunked encoding, chunks go
 * to the socket as they are: one write instead of four pieces a tick later, a fifth less work for each
 * small message. Nothing else writes the body, so their order holds; `end()` is Node's own.
 */
export class ChunkWriter {
  #ended = false;
  /** Bytes with which the socket is full: no fewer than those after which Node says when they are out. */
  readonly #room: number;
  /** Kept, because the message lets go of it when it is over. */
  readonly #socket: OutgoingMessage['socket'];

  readonly #message: OutgoingMessage;
  readonly #codec: StreamCodec | undefined;
  readonly #onDrain: () => void;

  constructor(
    message: OutgoingMessage,
    codec: StreamCodec | undefined,
    onDrain: () => void,
  ) {
    this.#message = message;
    this.#codec = codec;
    this.#onDrain = onDrain;
    this.#socket = message.socket;
    const { writableHighWaterMark } = this.#socket ?? message;
    this.#room = Math.max(SOCKET_BYTES, writableHighWaterMark);
    message.on('drain', onDrain);
    this.#socket?.on('drain', onDrain);
  }

  /** True while the socket has as much to send as it may have. */
  get isFull(): boolean {
    // What the message would add is not asked for: its sum costs as much as a small write.
    const { socket } = this.#message;
    return (socket ?? this.#message).writableLength >= this.#room;
  }

  /** Bytes that the system has taken from here. */
  get taken(): number {
    const { socket } = this.#message;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  /** After `end()` nothing is written any more. */
  write(text: Text): void {
    if (this.#ended) {
      return;
    }
    const { socket, chunkedEncoding } = this.#message;
    if (!socket || !chunkedEncoding) {
      this.#message.write((this.#codec ?? PLAIN_CODEC).seal(text));
    } else if (this.#codec) {
      const { bytes, release } = sealedChunk(this.#codec, text);
      socket.write(bytes, release);
    } else if (typeof text !== 'string') {
      const { bytes, release } = plainChunk(text);
      socket.write(bytes, release);
    } else {
      const bytes = Buffer.byteLength(text);
      // ASCII, which most lines are, is written faster as Latin-1.
      const encoding = bytes === text.length ? 'latin1' : 'utf8';
      socket.write(bytes.toString(16) + CRLF + text + CRLF, encoding);
    }
  }

  /** @param onSent the system has taken everything; not called where the connection breaks before */
  end(onSent?: () => void): void {
    this.#ended = true;
    this.#message.end(onSent);
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#message.destroy();
  }

  /** Leaves the socket to whoever has it next. */
  release(): void {
    this.#socket?.off('drain', this.#onDrain);
  }
}

/** A chunk of sealed records, written in one place. */
function sealedChunk(codec: StreamCodec, text: Text): Piece {
  let chunk: Chunk | undefined;
  codec.seal(text, (size) => {
    chunk = takeChunk(size);
    return chunk.body;
  });
  return chunk!.piece;
}

/** A chunk of text in parts. */
function plainChunk(text: Text): Piece {
  const { piece, body } = takeChunk(textBytes(text));
  writeText(text, body, 0);
  return piece;
}

/** Memory for a chunk, and the place of its body in it. */
interface Chunk {
  piece: Piece;
  body: Buffer;
}

function takeChunk(size: number): Chunk {
  const head = size.toString(16) + CRLF;
  const piece = takePiece(head.length + size + CRLF.length);
  piece.bytes.write(head, 0, 'latin1');
  piece.bytes.write(CRLF, head.length + size, 'latin1');
  return { piece, body: piece.bytes.subarray(head.length, head.length + size) };
}
