/** Bytes that are asked of the system at once. */
const SLAB_BYTES = 256 * 1024;

/** Larger pieces are asked for one by one: they would leave too much of a slab unused. */
const LARGEST_PIECE = SLAB_BYTES / 8;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * Memory for bytes that are about to be written: pieces of one large buffer, each used once. An own
 * buffer for each of some kilobytes costs more than what is done with it.
 */
export function allocatePiece(bytes: number): Buffer {
  if (bytes > LARGEST_PIECE) {
    return Buffer.allocUnsafeSlow(bytes);
  }
  if (used + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const piece = slab.subarray(used, used + bytes);
  used += bytes;
  return piece;
}
