/** Why a stream could not be opened; internal, the messages then go another way. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';
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
      case 200:
      case 401:
      case 403:
      case 429:
      case 503:
        return 1000;
      case 404:
      case 405:
      case 415:
      case 501:
        return 300_000;
      default:
        return 10_000;
    }
  }
}
