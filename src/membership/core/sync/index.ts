/** Anti-entropy: whole lists are compared, and brought together (`/sync`). */
export { Synchronizer } from './synchronizer.js';
