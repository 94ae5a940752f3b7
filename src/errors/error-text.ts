import { inspect } from 'node:util';

/** What was thrown, in words. Anything may be: nothing, and what cannot be made a string. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) {
    return error.message;
  }
  return typeof error === 'string'
    ? error
    : inspect(error, { customInspect: false });
}

/** The same for our own log, with the stack where there is one. */
export function stackOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message)
    : messageOf(error);
}
