import { CacheInterceptor } from '@nestjs/cache-manager';
import {
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { CACHE_TAGS, type CacheTagsSource } from './cache-tags.decorator.js';
import { PeerCache } from './peer-cache.js';

type Intercept = CacheInterceptor['intercept'];

const PATCHED = Symbol.for('nestjs-peercloud.cache.fills');

/**
 * What a CacheInterceptor sets is what its handler has read: a fill, and no news to others. It calls
 * `set()` as the app does, so its method is told apart here, for interceptors of a PeerCache alone.
 */
export function tellFillsApart(): void {
  const prototype = CacheInterceptor.prototype as CacheInterceptor & {
    [PATCHED]?: true;
  };
  if (prototype[PATCHED]) {
    return;
  }
  prototype[PATCHED] = true;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the interceptor below
  const intercept: Intercept = prototype.intercept;
  prototype.intercept = function (this: CacheInterceptor, context, next) {
    const cache: unknown = Reflect.get(this, 'cacheManager');
    const handler =
      cache instanceof PeerCache ? fills(cache, context, next) : next;
    return intercept.call(this, context, handler);
  };
}

function fills(
  cache: PeerCache,
  context: ExecutionContext,
  next: CallHandler,
): CallHandler {
  const handle = (): Observable<unknown> => {
    const since = cache.now;
    const tags = tagsOf(context);
    return new Observable((subscriber) =>
      next.handle().subscribe({
        next: (value: unknown) => {
          if (value instanceof StreamableFile) {
            subscriber.next(value);
          } else {
            cache.asFill(since, tags, () => subscriber.next(value));
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  };
  return { handle };
}

function tagsOf(context: ExecutionContext): readonly string[] {
  const tags = [context.getHandler(), context.getClass()]
    .map(
      (target) =>
        Reflect.getMetadata(CACHE_TAGS, target) as CacheTagsSource | undefined,
    )
    .find((found) => found !== undefined);
  return typeof tags === 'function' ? tags(context) : (tags ?? []);
}
