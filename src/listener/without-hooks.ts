const HOOKS: ReadonlySet<PropertyKey> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/**
 * A service as the inner app may have it: the same one, but its lifecycle belongs to the outer app, and
 * Nest calls the hooks of everything that it finds among its providers.
 */
export function withoutHooks<T>(service: T): T {
  if (typeof service !== 'object' || service === null || !hasHooks(service)) {
    return service;
  }
  return new Proxy(service, {
    get(target, key) {
      if (HOOKS.has(key)) {
        return undefined;
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function hasHooks(service: object): boolean {
  return [...HOOKS].some((hook) => hook in service);
}
