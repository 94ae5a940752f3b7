/** Bytes of each body that count for nothing: nearly all control requests fit in, and always get through. */
const FREE_BYTES = 16 * 1024;

/** What one body, or line of a stream, takes of the budget. */
export interface BodyAccount {
  /** Says how large the body is by now; false if there is no room for it. */
  grow(size: number): boolean;
  /** The body is complete, or given up. */
  close(): void;
}

/**
 * How much memory the bodies that are still coming in may take, all together, and the lines of streams with
 * them. Without it, thousands of strangers could each send a body but for its last byte, and this peer would
 * hold them all.
 */
export class BodyBudget {
  #used = 0;

  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  open(): BodyAccount {
    let taken = 0;
    return {
      grow: (size) => {
        const wanted = Math.max(0, size - FREE_BYTES) - taken;
        if (this.#used + wanted > this.#maxBytes) {
          return false;
        }
        taken += wanted;
        this.#used += wanted;
        return true;
      },
      close: () => {
        this.#used -= taken;
        taken = 0;
      },
    };
  }
}
