import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  CUSTOM_ROUTE_ARGS_METADATA,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
} from '@nestjs/common/internal';
import type { ParamsFactory } from '@nestjs/core/helpers/external-context-creator.js';
import { DEFAULT_ARGS_METADATA } from './message.decorators.js';

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

/** Stands for the sender where a handler has no parameter decorators; no number of Nest's own. */
const SENDER_PARAM = 1000;

/** Parameters of a handler that has pipes but no parameter decorators: `(body, sender)`. */
const DEFAULT_ARGS = {
  [`${RouteParamtypes.BODY}:0`]: { index: 0, pipes: [] },
  [`${SENDER_PARAM}:1`]: { index: 1, pipes: [] },
};

/** Takes the parameters of a handler out of `(body, sender)`. */
export const messageParams: ParamsFactory = {
  exchangeKeyForValue(type, property, args) {
    const [body, sender] = args as [unknown, unknown];
    if ((type as number) === SENDER_PARAM) {
      return sender;
    }
    return typeof property === 'string' ? propertyOf(body, property) : body;
  },
};

/** How the parameters of a method are decorated. */
export interface DeclaredArgs {
  /** True where any parameter has a decorator. */
  any: boolean;
  /** True where one of them has a meaning in HTTP requests only, such as `@Req()` or `@Query()`. */
  httpOnly: boolean;
}

/** Reads which parameter decorators a method has. */
export function declaredArgs(owner: object, method: string): DeclaredArgs {
  const metadata = Reflect.getMetadata(ROUTE_ARGS_METADATA, owner, method) as
    Record<string, unknown> | undefined;
  const keys = Object.keys(metadata ?? {});
  return {
    any: keys.length > 0,
    httpOnly: keys.some(
      (key) =>
        !key.includes(CUSTOM_ROUTE_ARGS_METADATA) &&
        !key.startsWith(`${RouteParamtypes.BODY}:`),
    ),
  };
}

/** Name of the metadata that describes a method's parameters; writes the default where it has none. */
export function argsMetadataKey(owner: object, method: string): string {
  if (declaredArgs(owner, method).any) {
    return ROUTE_ARGS_METADATA;
  }
  Reflect.defineMetadata(DEFAULT_ARGS_METADATA, DEFAULT_ARGS, owner, method);
  return DEFAULT_ARGS_METADATA;
}

function propertyOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined;
}
