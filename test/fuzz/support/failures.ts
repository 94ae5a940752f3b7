const failures: unknown[] = [];
const note = (error: unknown) => void failures.push(error);

/** Collects what nobody caught, for as long as a suite runs. */
export function watchFailures(): void {
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
}

export function unwatchFailures(): void {
  process.off('unhandledRejection', note);
  process.off('uncaughtExceptionMonitor', note);
}

/** Fails if something was not caught since the last time. */
export function expectNoFailures(): void {
  expect(failures.splice(0)).toEqual([]);
}
