export { ObserveError } from './observe.error.js';
export type {
  ObserveOptions,
  ResolvedObserveOptions,
} from './observe.options.js';
export { ObserveService } from './observe.service.js';
export {
  SecretRotation,
  type MemberSecrets,
  type SecretChange,
} from './secret-rotation.js';
