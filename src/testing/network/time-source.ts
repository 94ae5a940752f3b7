/**
 * What the in-memory network needs of a clock: the machine's and the virtual one both fit.
 * All values are milliseconds.
 */
export interface TimeSource {
  /** Unix time. */
  now(): number;
  /** Time of a clock that never jumps. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}
