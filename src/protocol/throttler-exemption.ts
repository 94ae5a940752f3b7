import type { ModuleRef } from '@nestjs/core';
import { isJsonObject } from '../wire/json.js';
import { THROTTLER_SKIP_KEY } from './protocol-route.decorator.js';
import { protocolControllers } from './protocol.controllers.js';

/** Token under which @nestjs/throttler keeps its options; the package may not be installed. */
const THROTTLER_OPTIONS = 'THROTTLER:MODULE_OPTIONS';

/** Takes the protocol out of every throttler of the app that has a name of its own; the unnamed one skips it anyway. */
export function exemptFromThrottlers(moduleRef: ModuleRef): void {
  for (const name of throttlerNames(moduleRef)) {
    for (const controller of protocolControllers) {
      Reflect.defineMetadata(`${THROTTLER_SKIP_KEY}${name}`, true, controller);
    }
  }
}

function throttlerNames(moduleRef: ModuleRef): string[] {
  const options = throttlerOptions(moduleRef);
  const throttlers: unknown = Array.isArray(options)
    ? options
    : isJsonObject(options) && options.throttlers;
  return Array.isArray(throttlers)
    ? throttlers.map(
        (throttler: { name?: string }) => throttler.name ?? 'default',
      )
    : [];
}

function throttlerOptions(moduleRef: ModuleRef): unknown {
  try {
    return moduleRef.get<unknown>(THROTTLER_OPTIONS, { strict: false });
  } catch {
    return undefined;
  }
}
