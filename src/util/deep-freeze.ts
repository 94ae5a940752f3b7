/**
 * Freezes a JSON value and everything in it, so that whoever it is handed to cannot change it for
 * others. What is frozen already is not looked into again.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
