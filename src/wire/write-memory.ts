/** Bytes that are asked of the system at once. */
const SLAB_BYTES = 256 * 1024;

/** Larger pieces are asked for one by one: they would leave too much of a slab unused. */
const LARGEST_PIECE = SLAB_BYTES / 4;

/** Slabs that are kept for later, at most: a burst may need more, which are given back. */
const MAX_IDLE = 8;

/** Memory for bytes on their way to a socket. Call `release` once when they have gone out. */
export interface Piece {
  readonly bytes: Buffer;
  readonly release: () => void;
}

const idle: Slab[] = [];

/** One large buffer; its pieces are used once, all of it again when every piece has gone out. */
class Slab {
  private readonly memory = Buffer.allocUnsafeSlow(SLAB_BYTES);
  private used = 0;
  private out = 0;

  hasRoom(bytes: number): boolean {
    return this.used + bytes <= SLAB_BYTES;
  }

  take(bytes: number): Piece {
    const from = this.used;
    this.used += bytes;
    this.out++;
    return {
      bytes: this.memory.subarray(from, this.used),
      release: this.release,
    };
  }

  private readonly release = (): void => {
    this.out--;
    if (this.out > 0) return;
    this.used = 0;
    if (this !== current && idle.length < MAX_IDLE) idle.push(this);
  };
}

let current = new Slab();

/**
 * Memory that is used again and again: what is new to a process costs a page fault for each 4 KiB, more
 * than all that is done with it here.
 */
export function takePiece(bytes: number): Piece {
  if (bytes > LARGEST_PIECE) {
    return { bytes: Buffer.allocUnsafeSlow(bytes), release: () => undefined };
  }
  if (!current.hasRoom(bytes)) current = idle.pop() ?? new Slab();
  return current.take(bytes);
}
