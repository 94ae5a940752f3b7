/** A pending timer; its shape belongs to the clock that made it. */
export type TimerHandle = unknown;

/** Time, as the core sees it: real in production, virtual in the simulator. */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  /** Milliseconds of a clock that never jumps: for durations. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): TimerHandle;
  clearTimeout(timer: TimerHandle): void;
}

/** The clock of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};
