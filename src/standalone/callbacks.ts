import type { NodeCallback } from './standalone.types.js';

/**
 * Serves both ways of asking with one promise: a callback is told the outcome, and the promise is there
 * in any case. A promise that nobody looks at does not become an unhandled rejection.
 *
 * @param errorForCallback what a callback gets as its error; default: the error itself
 */
export function settle<T, E = Error>(
  promise: Promise<T>,
  callback?: NodeCallback<T, E>,
  errorForCallback: (error: unknown) => E = (error) => error as E,
): Promise<T> {
  promise.then(
    (value) => call(callback, null, value),
    (error: unknown) => call(callback, errorForCallback(error)),
  );
  return promise;
}

/** Outside the promise, so that what a callback throws is the caller's uncaught exception. */
function call<T, E>(
  callback: NodeCallback<T, E> | undefined,
  error: E | null,
  value?: T,
): void {
  if (callback) {
    process.nextTick(callback, error, value);
  }
}

/** Sorts out `(body?, callback?)`, where either can be left out, as in the original. */
export function splitArguments<B, C>(
  first: B | C | undefined,
  second: C | undefined,
  noBody: B,
): [B, C | undefined] {
  return typeof first === 'function'
    ? [noBody, first as C]
    : [(first as B | undefined) ?? noBody, second];
}
