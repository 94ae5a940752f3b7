import { inspect } from 'node:util';

/** How long a test waits, and how its failure reads. */
export interface UntilOptions {
  /** Ms before the wait fails; default 40,000: generous, a loaded machine is slow. */
  timeout?: number;
  /** Ms between two looks; default 20. */
  interval?: number;
  /** What is being waited for; default: the condition's source text. */
  what?: string | (() => string);
}

/** A condition that did not come true in time. */
export class UntilTimeoutError extends Error {
  override readonly name = 'UntilTimeoutError';
}

/**
 * Waits until a condition holds, and resolves to its first truthy value.
 * A condition that throws does not hold yet; its last error becomes the failure's cause.
 *
 * @throws UntilTimeoutError that says what was waited for, how long, and what was seen last
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<NonNullable<T>> {
  const { timeout = 40_000, interval = 20 } = options;
  const deadline = performance.now() + timeout;
  let seen: unknown;
  let failure: unknown;
  do {
    try {
      const value = await condition();
      if (value) {
        return value;
      }
      seen = value;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  } while (performance.now() < deadline);
  throw new UntilTimeoutError(
    `not within ${timeout} ms: ${describe(condition, options.what)}; last: ${inspect(failure ?? seen)}`,
    { cause: failure },
  );
}

function describe(
  condition: () => unknown,
  what: UntilOptions['what'],
): string {
  if (typeof what === 'function') {
    return what();
  }
  return what ?? condition.toString().replace(/\s+/g, ' ').slice(0, 300);
}
