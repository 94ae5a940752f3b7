/** Peers of the original package, and how their lists are kept right. */
export { LegacyCare } from './legacy-care.js';
