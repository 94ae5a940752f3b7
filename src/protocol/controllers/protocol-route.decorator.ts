import {
  applyDecorators,
  Controller,
  Post,
  VERSION_NEUTRAL,
} from '@nestjs/common';

/** Metadata by which @nestjs/throttler leaves a route alone; the name of the throttler follows. */
export const THROTTLER_SKIP_KEY = 'THROTTLER:SKIP';

/**
 * A controller of the protocol: at the root of the port, in no version of the app's URIs, and not
 * counted by the app's throttler, because peers ask each other often and by design.
 */
export function ProtocolController(): ClassDecorator {
  return applyDecorators(
    Controller({ version: VERSION_NEUTRAL }),
    (target: object) => {
      Reflect.defineMetadata(`${THROTTLER_SKIP_KEY}default`, true, target);
    },
  );
}

/**
 * A `POST` route of the protocol. The trailing slash marks it: Nest drops it when it registers the
 * route, after it has asked whether the path is free of the global prefix. So the exclusion names
 * exactly our routes, and an app's own `POST /message` keeps its prefix.
 */
export function ProtocolRoute(...paths: string[]): MethodDecorator {
  return Post(paths.map(markedPath));
}

/** The path as the routes of the protocol are declared. */
export function markedPath(path: string): string {
  return `${path}/`;
}
