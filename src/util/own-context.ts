import { AsyncResource } from 'node:async_hooks';

/**
 * Runs each piece of work in an async context of its own, which begins as that of whoever made this: it
 * sees nothing of the context of what has brought it (a request, a socket, a caller), and what it enters
 * (`AsyncLocalStorage.enterWith()`) ends with it.
 */
export class OwnContext {
  readonly #origin = new AsyncResource('peercloud');

  run<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
    ...args: Args
  ): Result {
    return this.#origin.runInAsyncScope(
      runApart<Args, Result>,
      undefined,
      work,
      args,
    );
  }
}

/** A resource for each work: Node 20 keeps what a work enters at the resource that it runs in. */
function runApart<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
  args: Args,
): Result {
  const resource = new AsyncResource('peercloud', RESOURCE);
  return resource.runInAsyncScope(work, undefined, ...args);
}

/** Nobody has to hear when a work is collected. */
const RESOURCE = { requireManualDestroy: true };
