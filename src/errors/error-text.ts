import { inspect } from 'node:util';

/** What was thrown, in words. Anything may be: nothing, and what cannot be made a string. */
export function messageOf(error: unknown): string {
  return inWords(error, ({ message }) => message);
}

/** The same for our own log, with the stack where there is one. */
export function stackOf(error: unknown): string {
  return inWords(error, ({ stack, message }) => stack ?? message);
}

function inWords(error: unknown, words: (error: Error) => string): string {
  try {
    if (error instanceof Error) {
      return words(error);
    }
    return typeof error === 'string'
      ? error
      : inspect(error, { customInspect: false });
  } catch {
    return 'an error whose properties cannot be read';
  }
}
