import {
  catchError,
  concatMap,
  EMPTY,
  fromEvent,
  isObservable,
  lastValueFrom,
  map,
  takeUntil,
  type Observable,
} from 'rxjs';
import { onAbort } from '../../util/abort-listeners.js';
import type { HandledMessage } from '../messaging.messages.js';

/** What a handler returns that has several replies. */
export type SeveralReplies = Observable<unknown> | AsyncIterable<unknown>;

/** Takes the replies of a handler for a reader. */
export interface ReplySink {
  /** Fires when no more of them are wanted. */
  readonly signal: AbortSignal;
  /** Waits until another reply is wanted, or none any more; undefined where one is. */
  wanted(): Promise<void> | undefined;
  /** Takes one; where none is wanted, it waits there. */
  next(value: unknown, message: HandledMessage): void;
}

export function isSeveral(value: unknown): value is SeveralReplies {
  return isObservable(value) || isAsyncIterable(value);
}

/**
 * Brings all replies to the sink, those of an async iterable when they are wanted. Resolves when there are
 * no more, or none are wanted and the handler has ended; rejects with what it throws.
 */
export function bringAll(
  replies: SeveralReplies,
  sink: ReplySink,
  message: HandledMessage,
): Promise<void> {
  if (!isObservable(replies)) {
    return pull(replies, sink, message);
  }
  return replies
    .pipe(
      takeUntil(fromEvent(sink.signal, 'abort')),
      // An interceptor of Nest's makes an observable of whatever a handler returns.
      concatMap((value) => {
        if (isAsyncIterable(value)) {
          return pull(value, sink, message);
        }
        sink.next(value, message);
        return EMPTY;
      }),
    )
    .forEach(() => undefined);
}

/** The last of the replies, where only one can be sent; undefined if there are none. */
export async function lastOf(value: unknown): Promise<unknown> {
  if (isObservable(value)) {
    return lastOf(await lastValueFrom(value, { defaultValue: undefined }));
  }
  if (!isAsyncIterable(value)) {
    return value;
  }
  let last: unknown;
  for await (const each of value) {
    last = each;
  }
  return last;
}

/** The same replies, where the app's exception filters see what fails in the middle of them. */
export function filtered(
  result: unknown,
  filter: (error: unknown) => Promise<unknown>,
): unknown {
  const rescue = async (error: unknown) => lastOf(await filter(error));
  if (isObservable(result)) {
    return result.pipe(
      map((each) => filtered(each, filter)),
      catchError(rescue),
    );
  }
  return isAsyncIterable(result) ? rescued(result, rescue) : result;
}

/** An iterable whose error is one more value. */
function rescued(
  replies: AsyncIterable<unknown>,
  rescue: (error: unknown) => Promise<unknown>,
): AsyncIterable<unknown> {
  const iterator = replies[Symbol.asyncIterator]();
  let failed = false;
  const iterable: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => iterable,
    next: async () => {
      if (failed) {
        return END;
      }
      try {
        return await iterator.next();
      } catch (error) {
        failed = true;
        return { done: false, value: await rescue(error) };
      }
    },
    return: async () => (await iterator.return?.()) ?? END,
  };
  return iterable;
}

const END = { done: true, value: undefined } as const;

async function pull(
  replies: AsyncIterable<unknown>,
  sink: ReplySink,
  message: HandledMessage,
): Promise<void> {
  const iterator = replies[Symbol.asyncIterator]();
  let ended: Promise<unknown> | undefined;
  // At once: an iterator that waits for something may end that.
  const end = () => {
    ended = (async () => iterator.return?.())();
    ended.catch(() => undefined);
  };
  const forget = onAbort(sink.signal, end);
  try {
    for (;;) {
      await sink.wanted();
      if (sink.signal.aborted) {
        break;
      }
      const { done, value } = await iterator.next();
      if (done) {
        return;
      }
      sink.next(value, message);
    }
    if (!ended) {
      end();
    }
    await ended;
  } finally {
    forget();
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof value[Symbol.asyncIterator] === 'function'
  );
}
