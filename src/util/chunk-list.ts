/** Chunks that are put together before more come. */
const GROUP = 256;

const NOTHING = Buffer.alloc(0);

/**
 * Collects the chunks of one body. Whoever sends a body chooses its chunks: of 1 byte each, every one
 * would cost a hundred bytes, and hold the whole block that it was read into.
 */
export class ChunkList {
  #groups: Buffer[] = [];
  #recent: Buffer[] = [];
  #bytes = 0;

  /** Bytes in all chunks. */
  get size(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#recent.push(chunk);
    if (this.#recent.length === GROUP) {
      this.#groups.push(Buffer.concat(this.#recent));
      this.#recent = [];
    }
  }

  /** Takes everything out, as one buffer. */
  take(): Buffer {
    const bytes = this.#bytes;
    const chunks = this.takeChunks();
    if (bytes === 0) {
      return NOTHING;
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
  }

  /** The same, not copied: as it came, except for what was put together meanwhile. */
  takeChunks(): Buffer[] {
    const groups = this.#groups;
    const recent = this.#recent;
    this.#recent = [];
    this.#bytes = 0;
    if (groups.length === 0) {
      return recent;
    }
    this.#groups = [];
    return groups.concat(recent);
  }

  /** The same, in memory that the caller lends: it must have room for `size` bytes. */
  takeInto(memory: Buffer): Buffer {
    let at = 0;
    for (const chunks of [this.#groups, this.#recent]) {
      for (const chunk of chunks) {
        at += chunk.copy(memory, at);
      }
    }
    this.clear();
    return memory.subarray(0, at);
  }

  clear(): void {
    this.#groups = [];
    this.#recent = [];
    this.#bytes = 0;
  }
}
