/** Who is in the cloud: the core that knows no framework, network, clock or chance but what it is given. */
export { type Clock, systemClock } from './clock.js';
export {
  isCloudName,
  isFeatureList,
  isSignature,
  readIncarnation,
} from './member-list/index.js';
export { MembershipCore } from './membership-core.js';
export type {
  LeaveReason,
  Member,
  MembershipEvent,
  RefusedJoin,
  RequestOrigin,
  SelfDescription,
} from './membership.types.js';
export {
  MAX_CLOUD_LENGTH,
  MAX_CONTROL_BYTES,
  MAX_GOSSIP_BYTES,
  MAX_FEATURES,
  MAX_SIGNATURE_LENGTH,
} from './options/membership.limits.js';
export type {
  MembershipOptions,
  MembershipParameters,
  MembershipProfileName,
  ResolvedMembershipOptions,
} from './options/membership.options.js';
export { systemRandom } from './random.js';
