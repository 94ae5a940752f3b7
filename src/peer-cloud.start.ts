import type { OnApplicationBootstrap } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Runs work as the last of an app's `onApplicationBootstrap` hooks, so that nothing reaches its handlers
 * while some of them are still getting ready. To be called from such a hook. Nest goes through the modules
 * one by one, the root module at last, and in a module it calls the module's own class at last: so the work
 * stands behind the hook of that class.
 */
export function afterAllBootstrapHooks(
  modules: ModulesContainer,
  work: () => Promise<void> | void,
): void {
  const [root] = [...modules.values()].sort((a, b) => a.distance - b.distance);
  const instance = root!.instance as Partial<OnApplicationBootstrap>;
  const own = instance.onApplicationBootstrap?.bind(instance);
  instance.onApplicationBootstrap = async () => {
    await own?.();
    await work();
  };
}
