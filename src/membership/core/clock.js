/** The clock of the machine. Its timers do not keep the process alive. */
export const systemClock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
    clearTimeout: (timer) => clearTimeout(timer),
};
//# sourceMappingURL=clock.js.map