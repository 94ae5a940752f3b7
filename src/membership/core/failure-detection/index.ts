/** Whether members are there: checks, suspicions, and what others say of third ones. */
export { FailureDetector } from './failure-detector.js';
export { LocalHealth, StallWatch } from './local-health.js';
export { ProbeRing } from './probe-ring.js';
export { Prober } from './prober.js';
export { Refutation } from './refutation.js';
export { Verifier } from './verifier.js';
