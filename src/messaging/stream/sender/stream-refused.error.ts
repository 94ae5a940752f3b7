/** Ms between two looks for a stream that has become free, while all places are taken. */
export const LOOK_AGAIN = 250;

/** Ms until a peer is asked again that has refused for the moment, that said nothing, or that has no streams. */
const SOON = 1000;
const LATER = 10_000;
const MUCH_LATER = 300_000;

/** Why a stream could not be opened; internal, the messages then go another way. */
export class StreamRefusedError extends Error {
  override readonly name: string = 'StreamRefusedError';
  /** True where the peer has restarted and would take the same request if it were signed again. */
  isStale = false;

  constructor(
    /** HTTP status of the answer; undefined where none came. */
    readonly status: number | undefined,
    /** True where nobody listens at the address, or no way leads there. */
    readonly unreachable: boolean,
    cause?: unknown,
  ) {
    super(`the stream was not opened (status ${status ?? 'none'})`, { cause });
  }

  /** Ms until it is tried again: soon where the refusal is of the moment. */
  get pause(): number {
    switch (this.status) {
      case 101:
      case 401:
      case 403:
      case 429:
      case 503:
        return SOON;
      // A peer without streams, or something on the way that passes no upgrades.
      case 200:
      case 404:
      case 405:
      case 426:
      case 501:
        return MUCH_LATER;
      default:
        return LATER;
    }
  }
}

/** This peer has as many streams open as it may; internal, the messages then go another way. */
export class NoStreamPlaceError extends StreamRefusedError {
  override readonly name = 'NoStreamPlaceError';

  constructor() {
    super(undefined, false);
  }

  override get pause(): number {
    return LOOK_AGAIN;
  }
}
