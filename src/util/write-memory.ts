/** Bytes that are asked of the system at once. */
const SLAB_BYTES = 256 * 1024;

/** Larger pieces are asked for one by one: they would leave too much of a slab unused. */
const LARGEST_PIECE = SLAB_BYTES / 4;

/** Slabs that are kept for later, at most: a burst may need more, which are given back. */
const MAX_IDLE = 8;

/** Larger pieces that are kept for later, and how large they may be for that. */
const MAX_IDLE_LARGE = 2;
const LARGEST_KEPT = 1024 * 1024;

/** Memory for bytes on their way to a socket. Call `release` once when they have gone out. */
export interface Piece {
  readonly bytes: Buffer;
  readonly release: () => void;
}

const idle: Slab[] = [];

/** One large buffer; its pieces are used once, all of it again when every piece has gone out. */
class Slab {
  readonly #memory = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;
  #out = 0;

  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= SLAB_BYTES;
  }

  take(bytes: number): Piece {
    const from = this.#used;
    this.#used += bytes;
    this.#out++;
    return {
      bytes: this.#memory.subarray(from, this.#used),
      release: this.#release,
    };
  }

  readonly #release = (): void => {
    this.#out--;
    if (this.#out > 0) {
      return;
    }
    this.#used = 0;
    if (this !== current && idle.length < MAX_IDLE) {
      idle.push(this);
    }
  };
}

let current = new Slab();

/**
 * Memory that is used again and again: what is new to a process costs a page fault for each 4 KiB, more
 * than all that is done with it here.
 */
export function takePiece(bytes: number): Piece {
  if (bytes > LARGEST_PIECE) {
    return takeLarge(bytes);
  }
  if (!current.hasRoom(bytes)) {
    current = idle.pop() ?? new Slab();
  }
  return current.take(bytes);
}

const idleLarge: Buffer[] = [];

/** A power of two, so that what one piece had fits many others. */
function takeLarge(bytes: number): Piece {
  const at = idleLarge.findIndex(({ length }) => length >= bytes);
  const memory =
    at === -1
      ? Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
      : idleLarge.splice(at, 1)[0]!;
  const release = () => {
    if (idleLarge.length < MAX_IDLE_LARGE && memory.length <= LARGEST_KEPT) {
      idleLarge.push(memory);
    }
  };
  return { bytes: memory.subarray(0, bytes), release };
}
