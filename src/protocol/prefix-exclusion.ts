import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { ENDPOINTS, STATUS_ALIAS } from '../wire/endpoints.js';
import { markedPath } from './protocol-route.decorator.js';

/** Every path that is answered. */
export const PROTOCOL_PATHS: readonly string[] = [
  ...Object.values(ENDPOINTS),
  STATUS_ALIAS,
];

/**
 * Frees the protocol's routes of the app's global prefix (PROTOCOL.md, section 1, path), and nothing
 * but them: the app's own `POST /message` keeps its prefix. To be called from a module's `configure`.
 */
export function excludeFromGlobalPrefix(config: ApplicationConfig): void {
  const options = config.getGlobalPrefixOptions();
  const ours = PROTOCOL_PATHS.map((path) => ({
    path,
    pathRegex: new RegExp(`^${markedPath(path)}$`),
    requestMethod: RequestMethod.POST,
  }));
  config.setGlobalPrefixOptions({
    ...options,
    exclude: [...(options.exclude ?? []), ...ours],
  });
}
