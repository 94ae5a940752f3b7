import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/internal';

/** Which of Nest's enhancers a method has, its class's included. */
export interface Enhancers {
  guards: boolean;
  interceptors: boolean;
  pipes: boolean;
  filters: boolean;
}

/** Reads which enhancers are declared on a class and on one of its methods. */
export function readEnhancers(owner: object, method: object): Enhancers {
  const has = (key: string) =>
    Reflect.hasMetadata(key, owner) || Reflect.hasMetadata(key, method);
  return {
    guards: has(GUARDS_METADATA),
    interceptors: has(INTERCEPTORS_METADATA),
    pipes: has(PIPES_METADATA),
    filters: has(EXCEPTION_FILTERS_METADATA),
  };
}
