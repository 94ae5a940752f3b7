/** Bytes of each body that count for nothing: nearly all control requests fit in, and always get through. */
const FREE_BYTES = 16 * 1024;

/** What one body, or line of a stream, takes of the budget. */
export interface BodyAccount {
  /** Says how large the body is by now; false if there is no room for it. */
  grow(size: number): boolean;
  /**
   * The same for what the whole body takes once it is parsed, which may be a multiple. A body that is alone
   * always has room: one that was read is not refused because it is one of small pieces.
   */
  growParsed(size: number): boolean;
  /** Nothing is held of the body any more. */
  close(): void;
}

/**
 * How much memory the bodies may take that are still coming in, or are parsed and not yet read, all
 * together, and the lines of streams with them. Without it, thousands of strangers could each send a body
 * but for its last byte, and this peer would hold them all.
 */
export class BodyBudget {
  #used = 0;

  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  open(): BodyAccount {
    let taken = 0;
    const take = (size: number) => {
      this.#used += size - taken;
      taken = size;
      return true;
    };
    const hasRoom = (size: number) =>
      size <= taken || this.#used - taken + size <= this.#maxBytes;
    const counted = (size: number) => Math.max(0, size - FREE_BYTES);
    return {
      grow: (size) => hasRoom(counted(size)) && take(counted(size)),
      growParsed: (size) =>
        (this.#used === taken || hasRoom(counted(size))) && take(counted(size)),
      close: () => {
        this.#used -= taken;
        taken = 0;
      },
    };
  }
}
