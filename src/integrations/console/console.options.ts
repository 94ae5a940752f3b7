import type { CanActivate, Type } from '@nestjs/common';
import { OptionsError } from '../../index.js';
import { badGuards, badPath, badVersion } from './console.messages.js';

/** Where the console is, and who may see it. */
export interface PeerCloudConsoleOptions {
  /** Where the page is, below the app's global prefix. Default `cloud`. */
  path?: string | undefined;
  /**
   * Guards of every route of the console, as for `@UseGuards()`. Without them it answers on loopback only,
   * and nothing that came by a proxy.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;
  /** Version of the app, shown beside each peer. Default: that of package.json, where npm starts the app. */
  version?: string | undefined;
}

export interface ResolvedConsoleOptions {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly version: string | undefined;
}

const PATH = /^[\w-]+(\/[\w-]+)*$/;

/** @throws OptionsError that names the option */
export function resolveConsoleOptions(
  input: PeerCloudConsoleOptions,
): ResolvedConsoleOptions {
  const path = input.path ?? 'cloud';
  const { guards, version = process.env.npm_package_version } = input;
  if (typeof path !== 'string' || !PATH.test(path)) {
    throw new OptionsError('console.path', path, badPath);
  }
  if (
    guards !== undefined &&
    (!Array.isArray(guards) || guards.length === 0 || !guards.every(isGuard))
  ) {
    throw new OptionsError('console.guards', guards, badGuards);
  }
  if (version !== undefined && typeof version !== 'string') {
    throw new OptionsError('console.version', version, badVersion);
  }
  return Object.freeze({ path, guards: guards ?? [], version });
}

function isGuard(guard: unknown): boolean {
  return (
    typeof guard === 'function' ||
    typeof (guard as Partial<CanActivate> | null)?.canActivate === 'function'
  );
}
