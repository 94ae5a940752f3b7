import { SetMetadata, type ExecutionContext } from '@nestjs/common';

export const CACHE_TAGS = Symbol('CACHE_TAGS');

/** The tags of what a CacheInterceptor keeps, or what gives them for a request. */
export type CacheTagsSource =
  readonly string[] | ((context: ExecutionContext) => readonly string[]);

/** Beside `CacheInterceptor`: `PeerCache.delTags()` of one of these drops what it keeps of the method or of all methods of the class. */
export const CacheTags = (
  tags: CacheTagsSource,
): MethodDecorator & ClassDecorator => SetMetadata(CACHE_TAGS, tags);
