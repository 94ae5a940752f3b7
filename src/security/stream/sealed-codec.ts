import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherGCM,
  type DecipherGCM,
} from 'node:crypto';
import { TransportError } from '../../transport/transport.error.js';
import { ChunkList } from '../../util/chunk-list.js';
import { textBytes, writeText, type Text } from '../../util/text-parts.js';
import type { StreamCodec } from '../security.interface.js';

/** Used for its authentication alone (GMAC): like `/message`, a stream is genuine but not secret. */
const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES };
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + TAG_BYTES;

/** Ciphers that are made ahead for each direction. */
const READY = 4;

/** Bytes in one record; longer writes become several, so that a receiver never waits for more. */
export const MAX_RECORD_BYTES = 64 * 1024;

/**
 * Seals what one write carries as records: length (4 bytes, big-endian), authentication tag (16) and
 * the bytes themselves. The number of the record is the cipher's nonce, so that a record holds only
 * in its own place of its own direction of its own stream.
 */
export class SealedCodec implements StreamCodec {
  readonly #sent: RecordSeries<CipherGCM>;
  readonly #received: RecordSeries<DecipherGCM>;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  readonly #tagInHeader = this.#header.subarray(LENGTH_BYTES);
  #headerLength = 0;
  /** What has come of the record that is being received, and how much of it has not. */
  readonly #pieces = new ChunkList();
  #missing = 0;

  constructor(sendKey: Buffer, receiveKey: Buffer) {
    const ours = createSecretKey(sendKey);
    const theirs = createSecretKey(receiveKey);
    this.#sent = new RecordSeries((iv) =>
      createCipheriv(ALGORITHM, ours, iv, CIPHER_OPTIONS),
    );
    this.#received = new RecordSeries((iv) =>
      createDecipheriv(ALGORITHM, theirs, iv, CIPHER_OPTIONS),
    );
  }

  seal(
    text: Text,
    allocate = (bytes: number) => Buffer.allocUnsafe(bytes),
  ): Buffer {
    const bytes = textBytes(text);
    const headers = Math.ceil(bytes / MAX_RECORD_BYTES) * HEADER_BYTES;
    const sealed = allocate(headers + bytes);
    writeText(text, sealed, headers);
    let at = 0;
    for (let from = headers; from < sealed.length; from += MAX_RECORD_BYTES) {
      const to = Math.min(from + MAX_RECORD_BYTES, sealed.length);
      const start = at + HEADER_BYTES;
      // The text of the last record, mostly the only one, is in its place already.
      if (start < from) {
        sealed.copyWithin(start, from, to);
      }
      const body = sealed.subarray(start, start + to - from);
      sealed.writeUInt32BE(body.length, at);
      this.#tag(body).copy(sealed, at + LENGTH_BYTES);
      at = start + body.length;
    }
    return sealed;
  }

  open(chunk: Buffer): Buffer[] {
    const opened: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing === 0) {
        at += this.#readHeader(chunk.subarray(at));
        continue;
      }
      const piece = chunk.subarray(at, at + this.#missing);
      this.#pieces.push(piece);
      this.#missing -= piece.length;
      at += piece.length;
      if (this.#missing === 0) {
        opened.push(...this.#verified());
      }
    }
    return opened;
  }

  get isLow(): boolean {
    return this.#sent.isEmpty || this.#received.isEmpty;
  }

  prepare(): void {
    this.#sent.fill();
    this.#received.fill();
  }

  /** Takes what the header of the next record still lacks; gives the number of bytes taken. */
  #readHeader(bytes: Buffer): number {
    const taken = bytes.copy(this.#header, this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === HEADER_BYTES) {
      this.#headerLength = 0;
      this.#missing = recordLength(this.#header);
    }
    return taken;
  }

  #tag(body: Buffer): Buffer {
    const cipher = this.#sent.next();
    cipher.setAAD(body);
    cipher.final();
    return cipher.getAuthTag();
  }

  /** The pieces of the record that is complete now, without a copy of them unless they are many. */
  #verified(): Buffer[] {
    const pieces = this.#pieces.takeChunks();
    const decipher = this.#received.next();
    for (const piece of pieces) {
      decipher.setAAD(piece);
    }
    decipher.setAuthTag(this.#tagInHeader);
    try {
      decipher.final();
    } catch (cause) {
      throw forged('a record is not genuine, or not in its place', cause);
    }
    return pieces;
  }
}

/**
 * The ciphers of one direction, one for each record in turn. A nonce is never used twice, since each
 * direction of each stream has its own key. To make one costs more than to use it, and to make one alone,
 * with nothing of it in the caches, as much as to make several.
 */
class RecordSeries<Cipher> {
  readonly #iv = Buffer.alloc(IV_BYTES);
  #number = 0;
  readonly #ready: Cipher[] = [];

  readonly #make: (iv: Buffer) => Cipher;

  constructor(make: (iv: Buffer) => Cipher) {
    this.#make = make;
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  next(): Cipher {
    return this.#ready.shift() ?? this.#create();
  }

  /** Makes as many as may lie ready. */
  fill(): void {
    while (this.#ready.length < READY) {
      this.#ready.push(this.#create());
    }
  }

  #create(): Cipher {
    this.#iv.writeUIntBE(this.#number++, IV_BYTES - 6, 6);
    return this.#make(this.#iv);
  }
}

function recordLength(bytes: Buffer): number {
  const length = bytes.readUInt32BE(0);
  if (length === 0 || length > MAX_RECORD_BYTES) {
    throw forged(`a record of ${length} B cannot be`);
  }
  return length;
}

function forged(what: string, cause?: unknown): TransportError {
  return new TransportError('BAD_ANSWER', `the stream is refused: ${what}`, {
    cause,
  });
}
