import { createCipheriv, createDecipheriv } from 'node:crypto';
import { TransportError } from '../../transport/transport.error.js';
import type { StreamCodec } from '../stream-security.interface.js';

/** Used for its authentication alone (GMAC): like `/message`, a stream is genuine but not secret. */
const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + TAG_BYTES;

/** Bytes in one record; longer writes become several, so that a receiver never waits for more. */
export const MAX_RECORD_BYTES = 64 * 1024;

/**
 * Seals what one write carries as records: length (4 bytes, big-endian), authentication tag (16) and
 * the bytes themselves. The number of the record is the cipher's nonce, so that a record holds only
 * in its own place of its own direction of its own stream.
 */
export class SealedCodec implements StreamCodec {
  private readonly sent = new RecordNumber();
  private readonly received = new RecordNumber();
  private pending: Buffer | undefined;

  constructor(
    private readonly sendKey: Buffer,
    private readonly receiveKey: Buffer,
  ) {}

  seal(batch: Buffer): Buffer {
    const records = Math.ceil(batch.length / MAX_RECORD_BYTES);
    const sealed = Buffer.allocUnsafe(batch.length + records * HEADER_BYTES);
    let at = 0;
    for (let from = 0; from < batch.length; from += MAX_RECORD_BYTES) {
      const body = batch.subarray(from, from + MAX_RECORD_BYTES);
      sealed.writeUInt32BE(body.length, at);
      this.tag(body).copy(sealed, at + LENGTH_BYTES);
      body.copy(sealed, at + HEADER_BYTES);
      at += HEADER_BYTES + body.length;
    }
    return sealed;
  }

  open(chunk: Buffer): Buffer[] {
    let rest = this.pending ? Buffer.concat([this.pending, chunk]) : chunk;
    const opened: Buffer[] = [];
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + recordLength(rest);
      if (rest.length < end) break;
      opened.push(this.verified(rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
    this.pending = rest.length > 0 ? rest : undefined;
    return opened;
  }

  private tag(body: Buffer): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.sendKey, this.sent.next(), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(body);
    cipher.final();
    return cipher.getAuthTag();
  }

  private verified(record: Buffer): Buffer {
    const body = record.subarray(HEADER_BYTES);
    const decipher = createDecipheriv(
      ALGORITHM,
      this.receiveKey,
      this.received.next(),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(body);
    decipher.setAuthTag(record.subarray(LENGTH_BYTES, HEADER_BYTES));
    try {
      decipher.final();
    } catch (cause) {
      throw forged('a record is not genuine, or not in its place', cause);
    }
    return body;
  }
}

/** Counts records; a nonce is never used twice, since each direction of each stream has its own key. */
class RecordNumber {
  private readonly iv = Buffer.alloc(IV_BYTES);
  private number = 0;

  next(): Buffer {
    this.iv.writeUIntBE(this.number++, IV_BYTES - 6, 6);
    return this.iv;
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
